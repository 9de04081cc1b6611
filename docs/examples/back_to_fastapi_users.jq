# What was made at Doorward, as SQL for FastAPI Users' table and one of todos: the lines of `doorward export` in,
# statements out. jq -nr --arg since 2030-01-31T12:00:00Z -f back_to_fastapi_users.jq export.jsonl

def text: if . == null then "NULL" else "'" + gsub("'"; "''") + "'" end;

[inputs] as $lines
| ($lines[] | select(.type == "user" and .email != null and .password_hash != null)
    | "INSERT INTO \"user\" (id, email, hashed_password, is_active, is_superuser, is_verified) VALUES (\(.id | text), "
      + "\(.email | text), \(.password_hash | text), \(.is_active), false, \(.email_verified)) "
      + "ON CONFLICT (id) DO UPDATE SET hashed_password = excluded.hashed_password;"),
  ($lines[] | select(.type == "task" and .created_at >= $since)
    | "INSERT INTO todos (title, is_completed, owner_id) VALUES (\(.title | text), \(.completed), \(.user_id | text));")
