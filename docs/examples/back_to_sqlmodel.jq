# What was made at Doorward, as SQL for a database of SQLModel: the lines of `doorward export` in, statements out.
# jq -nr --arg since 2030-01-31T12:00:00Z -f back_to_sqlmodel.jq export.jsonl

def text: if . == null then "NULL" else "'" + gsub("'"; "''") + "'" end;

[inputs] as $lines
| ($lines | map(select(.type == "user")) | INDEX(.id)) as $users
| ($users[] | select(.email != null and (.password_hash // "" | startswith("$2b$")))
    | "INSERT INTO users (email, hashed_password, name, created_at) VALUES (\(.email | text), \(.password_hash | text), "
      + "\(.name | text), \(.created_at | text)) ON CONFLICT (email) DO UPDATE SET hashed_password = excluded.hashed_password;"),
  ($lines[] | select(.type == "task" and .created_at >= $since)
    | "INSERT INTO tasks (user_id, title, description, completed, created_at, updated_at) SELECT id, \(.title | text), "
      + "\(.description | text), \(.completed), \(.created_at | text), \(.updated_at | text) "
      + "FROM users WHERE email = \($users[.user_id].email | text);")
