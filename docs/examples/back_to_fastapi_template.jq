# What was made at Doorward, as SQL for the tables of full-stack-fastapi-template: the lines of `doorward export` in,
# statements out. jq -nr --arg since 2030-01-31T12:00:00Z -f back_to_fastapi_template.jq export.jsonl

def text: if . == null then "NULL" else "'" + gsub("'"; "''") + "'" end;

[inputs] as $lines
| ($lines[] | select(.type == "user" and .email != null and .password_hash != null)
    | "INSERT INTO \"user\" (id, email, full_name, hashed_password, is_active, is_superuser, created_at) VALUES (\(.id | text), "
      + "\(.email | text), \(.name | text), \(.password_hash | text), \(.is_active), false, \(.created_at | text)) "
      + "ON CONFLICT (id) DO UPDATE SET hashed_password = excluded.hashed_password, full_name = excluded.full_name;"),
  ($lines[] | select(.type == "task" and .created_at >= $since)
    | "INSERT INTO item (id, title, description, owner_id, created_at) VALUES (\(.id | text), \(.title | text), "
      + "\(.description // "" | .[:255] | text), \(.user_id | text), \(.created_at | text)) ON CONFLICT DO NOTHING;")
