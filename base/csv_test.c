/* csv_test.c: tables as spreadsheets write them. */
#include "base/csv.h"
#include "base/test.h"

static str decoded(str file)
{
	struct buf out = buf_in(test_arena(), 10000);

	csv_decode(bytes_of(file), csv_encoding_of(bytes_of(file)), &out);
	EXPECT(!out.failed);
	return buf_text(&out);
}

static struct csv reading(const char *text, char delimiter)
{
	return (struct csv){ .text = str_of(text), .delimiter = delimiter };
}

TEST(the_encoding_is_told_by_mark_or_look)
{
	EXPECT_STR(decoded(S("\xEF\xBB\xBFJos\xC3\xA9")), "Jos\xC3\xA9");
	EXPECT_STR(decoded(S("Jos\xC3\xA9")), "Jos\xC3\xA9");
	EXPECT_STR(decoded(S("Jos\xE9 \x80")), "Jos\xC3\xA9 \xE2\x82\xAC");
	EXPECT_STR(decoded(S("\xFF\xFE" "J\0o\0\xE9\0")), "Jo\xC3\xA9");
	EXPECT_STR(decoded(S("\xFE\xFF\0J\0o\0\xE9")), "Jo\xC3\xA9");
	EXPECT_STR(decoded(S("n\0a\0m\0e\0,\0")), "name,");
	EXPECT_STR(decoded(S("\xFF\xFE\x3D\xD8\x00\xDE")), "\xF0\x9F\x98\x80");
}

TEST(the_delimiter_is_the_one_that_cuts_evenly)
{
	EXPECT_INT(csv_delimiter_of(S("name;phone\nAna, Maria;1\nBo;2\n")), ';');
	EXPECT_INT(csv_delimiter_of(S("name\tphone\nAna\t1\n")), '\t');
	EXPECT_INT(csv_delimiter_of(S("name,phone\n\"A;B;C\",1\n")), ',');
	EXPECT_INT(csv_delimiter_of(S("name|phone\nA|1")), '|');
	EXPECT_INT(csv_delimiter_of(S("phone\n12\n")), ',');
}

TEST(rows_are_read_as_a_spreadsheet_wrote_them)
{
	struct csv csv =
		reading("name,note\r\n\"Lind, Tomas\",\"says \"\"hi\"\"\nand more\"\r\n\r\nBo,",
			',');
	struct csv_row row;

	EXPECT(csv_next(&csv, test_arena(), &row));
	EXPECT_INT(row.count, 2);
	EXPECT_STR(row.cells[1], "note");
	EXPECT(csv_next(&csv, test_arena(), &row));
	EXPECT_STR(row.cells[0], "Lind, Tomas");
	EXPECT_STR(row.cells[1], "says \"hi\"\nand more");
	EXPECT_INT(row.row, 2);
	EXPECT(csv_next(&csv, test_arena(), &row));
	EXPECT_INT(row.row, 4);
	EXPECT_INT(row.count, 2);
	EXPECT_STR(row.cells[1], "");
	EXPECT(!csv_next(&csv, test_arena(), &row));
}

TEST(a_quote_that_never_closes_is_told)
{
	struct csv csv = reading("a,\"b\nc,d\n", ',');
	struct csv_row row;

	EXPECT(csv_next(&csv, test_arena(), &row));
	EXPECT(!row.has_end);
	EXPECT_STR(row.cells[1], "b\nc,d\n");
}

TEST(too_many_cells_are_told)
{
	struct buf text = buf_in(test_arena(), 10000);
	struct csv_row row;
	struct csv csv;

	for (int i = 0; i < CSV_CELLS_MAX + 5; i++)
		buf_str(&text, S("x,"));
	csv = (struct csv){ .text = buf_text(&text), .delimiter = ',' };
	EXPECT(csv_next(&csv, test_arena(), &row));
	EXPECT_INT(row.count, CSV_CELLS_MAX);
	EXPECT(row.is_cut);
}

TEST(a_cell_is_never_a_formula)
{
	struct buf out = buf_in(test_arena(), 10000);

	csv_put(&out, S("=1+1"));
	csv_put(&out, S("+12025550142"));
	csv_put(&out, S("-5.5"));
	csv_put(&out, S("@x \"y\""));
	csv_put(&out, S("-cmd"));
	csv_put_end(&out);
	csv_put(&out, S("a"));
	EXPECT_STR(buf_text(&out),
		"\"'=1+1\",\"'+12025550142\",\"-5.5\",\"'@x \"\"y\"\"\",\"'-cmd\"\r\n\"a\"");
}
