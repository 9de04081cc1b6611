DROP TABLE single_use;
