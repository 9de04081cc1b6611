# What was made at Doorward, as SQL for Supabase Auth's tables and one of todos: the lines of `doorward export` in,
# statements out. jq -nr --arg since 2030-01-31T12:00:00Z -f back_to_supabase.jq export.jsonl

def text: if . == null then "NULL" else "'" + gsub("'"; "''") + "'" end;

[inputs] as $lines
# Supabase reads bcrypt; its columns of tokens must be empty, not NULL.
| ($lines[] | select(.type == "user" and .email != null and (.password_hash // "" | startswith("$2")))
    | "INSERT INTO auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, confirmation_token, "
      + "recovery_token, email_change_token_new, email_change, raw_app_meta_data, raw_user_meta_data, created_at, updated_at) "
      + "VALUES ('00000000-0000-0000-0000-000000000000', \(.id | text), 'authenticated', 'authenticated', \(.email | text), "
      + "\(.password_hash | text), \(if .email_verified then .created_at else null end | text), '', '', '', '', "
      + "\({provider: "email", providers: ["email"]} + (.app_metadata // {}) | tojson | text), "
      + "\(.user_metadata // {} | tojson | text), \(.created_at | text), \(.updated_at | text)) "
      + "ON CONFLICT (id) DO UPDATE SET encrypted_password = excluded.encrypted_password, "
      + "raw_user_meta_data = excluded.raw_user_meta_data;",
      "INSERT INTO auth.identities (provider_id, user_id, identity_data, provider, created_at, updated_at) VALUES "
      + "(\(.id | text), \(.id | text), \({sub: .id, email: .email} | tojson | text), 'email', \(.created_at | text), "
      + "\(.updated_at | text)) ON CONFLICT DO NOTHING;"),
  ($lines[] | select(.type == "task" and .created_at >= $since)
    | "INSERT INTO public.todos (user_id, task, is_complete, inserted_at) VALUES (\(.user_id | text), \(.title | text), "
      + "\(.completed), \(.created_at | text));")
