ALTER TABLE users DROP COLUMN is_service;
DROP TABLE api_key_networks;
DROP TABLE api_keys;
