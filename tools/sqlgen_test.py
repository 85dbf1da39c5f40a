#!/usr/bin/env python3
"""sqlgen_test.py: what the generator makes, and what it refuses, with file and line."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sqlgen

SCHEMA = "CREATE TABLE a (\n\tid {ID},\n\tname TEXT,\n\tdata {BYTES},\n\tn BIGINT\n);\n"
FIND = "-- a_find: one a\n-- in:  id id64\n-- out: id id64, name str\nSELECT id, name FROM a WHERE id = $1;\n"


class Case(unittest.TestCase):
	def setUp(self):
		self.folder = tempfile.TemporaryDirectory()
		self.addCleanup(self.folder.cleanup)
		for name in ("queries", "migrations"):
			os.mkdir(self.path(name))
		self.write("migrations/0001_first.sql", SCHEMA)

	def path(self, name):
		return os.path.join(self.folder.name, name)

	def write(self, name, text):
		with open(self.path(name), "w", encoding="utf-8") as f:
			f.write(text)

	def generate(self, text):
		self.write("queries/q.sql", text)
		return sqlgen.generate([self.path("queries")], [self.path("migrations")])

	def refused(self, text, words, line=1):
		with self.assertRaises(sqlgen.Refused) as caught:
			self.generate(text)
		self.assertIn(words, str(caught.exception))
		self.assertIn("q.sql:%d: " % line, str(caught.exception))


class Accepts(Case):
	def test_a_query_with_all_its_parts(self):
		queries, rows, _ = self.generate(FIND)
		self.assertEqual(queries[0].name, "a_find")
		self.assertEqual([(f.name, f.kind) for f in rows["a"]], [("id", "id64"), ("name", "str")])
		self.assertFalse(queries[0].writes)

	def test_a_second_query_takes_the_types_of_the_first(self):
		text = FIND + "\n-- a_list: many a\n-- in: max i64\n-- out: id, name\nSELECT id, name FROM a LIMIT $1;\n"
		queries, _, _ = self.generate(text + "-- a_any: one a\nSELECT id, name FROM a LIMIT 1;\n")
		self.assertEqual([f.kind for f in queries[2].fields_out], ["id64", "str"])

	def test_parameters_are_bound_by_number(self):
		text = "-- a_set: exec\n-- in: id id64, name str?\nUPDATE a SET name = $2 WHERE id = $1 AND name <> $2;\n"
		queries, _, _ = self.generate(text)
		self.assertIn("name = ?2 WHERE id = ?1 AND name <> ?2", sqlgen.sqlite_sql(queries[0]))
		self.assertTrue(queries[0].writes)

	def test_a_fragment_is_the_text_of_its_name(self):
		text = "-- fragment cols: id,\n-- fragment cols: name\n-- a_all: one a\n-- out: id id64, name str\nSELECT {cols} FROM a LIMIT 1;\n"
		self.assertIn("SELECT id, name FROM a", self.generate(text)[0][0].sql)
		self.refused(text.replace("{cols}", "{columns}"), "no fragment columns", 5)

	def test_a_dollar_in_a_text_is_no_parameter(self):
		text = "-- a_odd: one a\n-- out: id id64, name str\nSELECT id, '$7; ?' AS name FROM a LIMIT 1;\n"
		self.assertIn("'$7; ?'", sqlgen.sqlite_sql(self.generate(text)[0][0]))

	def test_returning_makes_a_row_of_a_write(self):
		text = "-- a_put: one a\n-- in: id id64\n-- out: id id64, name str\n"
		queries, _, _ = self.generate(text + "INSERT INTO a (id) VALUES ($1) RETURNING id, coalesce(name, '-') AS name;\n")
		self.assertTrue(queries[0].writes)

	def test_the_c_text_has_struct_function_and_notes(self):
		queries, rows, _ = self.generate(FIND.replace("-- out", "-- A note.\n-- out"))
		header = sqlgen.write_header(queries, rows, "X_H")
		self.assertIn("struct a_row {\n\tid64 id;\n\tstr name;\n};", header)
		self.assertIn("/* A note. */", header)
		self.assertIn("enum err sql_a_find(struct job *job, const struct sql_a_find *in, struct a_row *out);", header)

	def test_a_query_without_parameters_takes_no_struct(self):
		queries, rows, _ = self.generate("-- a_all: exec\nDELETE FROM a;\n")
		self.assertIn("enum err sql_a_all(struct job *job, int64_t *changed);", sqlgen.write_header(queries, rows, "X_H"))


class Refuses(Case):
	def test_many_rows_without_a_limit(self):
		self.refused("-- a_list: many a\n-- out: id id64\nSELECT id FROM a;\n", "no LIMIT")

	def test_many_changed_rows_without_a_limit(self):
		self.refused("-- a_take: many a\n-- out: id id64\nUPDATE a SET n = 1 RETURNING id;\n", "no LIMIT")

	def test_an_undeclared_parameter(self):
		self.refused("-- a_x: exec\n-- in: id id64\nDELETE FROM a WHERE id = $1 AND n = $2;\n", "uses $2, and in: declares 1")

	def test_an_unused_parameter(self):
		self.refused("-- a_x: exec\n-- in: id id64, n i64\nDELETE FROM a WHERE id = $1;\n", "declares n and never uses $2")

	def test_a_parameter_that_is_numbered_from_nought(self):
		self.refused("-- a_x: exec\n-- in: id id64\nDELETE FROM a WHERE id = $0;\n", "uses $0")

	def test_a_question_mark(self):
		self.refused("-- a_x: exec\nDELETE FROM a WHERE id = ?;\n", "number the parameters")

	def test_an_unknown_type(self):
		self.refused("-- a_x: exec\n-- in: id int\nDELETE FROM a WHERE id = $1;\n", "unknown type int", 2)

	def test_a_parameter_without_a_type(self):
		self.refused("-- a_x: exec\n-- in: id\nDELETE FROM a WHERE id = $1;\n", "id has no type", 2)

	def test_the_same_name_twice(self):
		self.refused(FIND + FIND, "a_find is also in", 5)

	def test_two_statements(self):
		self.refused("-- a_x: exec\nDELETE FROM a; DELETE FROM a;\n", "more than one statement")

	def test_a_second_statement_below(self):
		self.refused("-- a_x: exec\nDELETE FROM a;\nDELETE FROM a;\n", "more than one statement", 3)

	def test_a_statement_without_a_header(self):
		self.refused("DELETE FROM a;\n", "no header")

	def test_a_missing_semicolon(self):
		self.refused("-- a_x: exec\nDELETE FROM a\n", "does not end with a semicolon")

	def test_a_header_that_is_nearly_right(self):
		self.refused("-- a_x: one\nSELECT id FROM a LIMIT 1;\n", "one TYPE")
		self.refused("-- A_x: one a\nSELECT id FROM a LIMIT 1;\n", "cannot read this header")

	def test_rows_of_one_type_that_differ(self):
		text = FIND + "-- a_y: one a\n-- out: id id64, n i64\nSELECT id, n FROM a LIMIT 1;\n"
		self.refused(text, "with different columns", 5)

	def test_a_type_that_no_query_tells(self):
		self.refused("-- a_x: one a\n-- out: id\nSELECT id FROM a LIMIT 1;\n", "has no type in any query")

	def test_columns_in_another_order(self):
		self.refused(FIND.replace("SELECT id, name", "SELECT name, id"), "answers the columns (name, id)")

	def test_a_returning_in_another_order(self):
		text = "-- a_x: one a\n-- in: id id64\n-- out: id id64, name str\nINSERT INTO a (id) VALUES ($1) RETURNING name, id;\n"
		self.refused(text, "answers the columns (name, id)")

	def test_a_column_that_is_not_there(self):
		self.refused(FIND.replace("SELECT id, name", "SELECT id, nome"), "no such column: nome")

	def test_words_that_sqlite_does_not_know(self):
		self.refused(FIND.replace("id = $1", "id = $1::bigint"), "unrecognized token")


class Migrations(Case):
	def dialects(self, text):
		self.write("migrations/0002_next.sql", text)
		migrations = sqlgen.read_migrations([self.path("migrations")])
		return migrations[1].dialect("sqlite"), migrations[1].dialect("postgres")

	def refused_migration(self, text, words):
		with self.assertRaises(sqlgen.Refused) as caught:
			self.dialects(text)
		self.assertIn(words, str(caught.exception))

	def test_each_database_gets_its_words(self):
		sqlite, postgres = self.dialects("CREATE TABLE b (id {ID}, d {BYTES}) {WITHOUT_ROWID};")
		self.assertIn("id INTEGER PRIMARY KEY, d BLOB) WITHOUT ROWID", sqlite)
		self.assertIn("id BIGINT PRIMARY KEY, d BYTEA) ;", postgres)

	def test_each_database_gets_its_lines(self):
		sqlite, postgres = self.dialects("-- only: sqlite\nSELECT 1;\n-- end\n-- only: postgres\nSELECT 2;\n-- end\n")
		self.assertTrue("SELECT 1" in sqlite and "SELECT 2" not in sqlite)
		self.assertTrue("SELECT 2" in postgres and "SELECT 1" not in postgres)

	def test_an_open_block_is_refused(self):
		self.refused_migration("-- only: sqlite\nSELECT 1;\n", "has no -- end")
		self.refused_migration("-- end\n", "without -- only")
		self.refused_migration("-- only: oracle\n-- end\n", "write -- only")

	def test_a_number_is_given_once(self):
		self.write("migrations/0001_second.sql", "")
		with self.assertRaises(sqlgen.Refused):
			sqlgen.read_migrations([self.path("migrations")])

	def test_a_migration_that_fails_is_refused(self):
		self.write("migrations/0002_bad.sql", "CREATE TABLE a (id {ID});")
		with self.assertRaises(sqlgen.Refused) as caught:
			self.generate(FIND)
		self.assertIn("0002_bad.sql:1: table a already exists", str(caught.exception))

	def test_a_change_changes_the_checksum(self):
		before = sqlgen.read_migrations([self.path("migrations")])[0].checksum
		self.write("migrations/0001_first.sql", SCHEMA + "-- a comment\n")
		self.assertNotEqual(sqlgen.read_migrations([self.path("migrations")])[0].checksum, before)


if __name__ == "__main__":
	unittest.main()
