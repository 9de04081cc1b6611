# What was made at Doorward, as SQL for Better Auth's tables and a table of tasks: the lines of `doorward export` in,
# statements out. jq -nr --arg since 2030-01-31T12:00:00Z -f back_to_better_auth.jq export.jsonl

def text: if . == null then "NULL" else "'" + gsub("'"; "''") + "'" end;

[inputs] as $lines
# Better Auth's id of whoever came from there, ours of all others.
| ($lines | map(select(.type == "identity" and (.issuer | startswith("http")))) | INDEX(.user_id)) as $identities
| def id_there: $identities[.].subject // .;
  ($lines[] | select(.type == "user" and .email != null and $identities[.id] == null)
    | "INSERT INTO \"user\" (id, name, email, \"emailVerified\", \"createdAt\", \"updatedAt\") VALUES (\(.id | text), "
      + "\(.name // .email | text), \(.email | text), \(.email_verified), \(.created_at | text), \(.updated_at | text)) "
      + "ON CONFLICT DO NOTHING;"),
  ($lines[] | select(.type == "task" and .created_at >= $since)
    | "INSERT INTO tasks (user_id, title, description, completed, created_at) VALUES (\(.user_id | id_there | text), "
      + "\(.title | text), \(.description | text), \(.completed), \(.created_at | text));")
