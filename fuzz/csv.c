/* csv.c: any octets decode to UTF-8, are cut into rows to their end, and what is written of them
 * reads the same. */
#include "base/csv.h"
#include "fuzz/fuzz.h"

/* A cell as it is written: with an apostrophe, if it could be a formula. */
static void check_written(struct arena *arena, const struct csv_row *row)
{
	struct buf out = buf_in(arena, 64u << 20);
	struct csv again = { .delimiter = ',' };
	struct csv_row back;

	for (size_t i = 0; i < row->count; i++)
		csv_put(&out, row->cells[i]);
	csv_put_end(&out);
	again.text = buf_text(&out);
	MUST(csv_next(&again, arena, &back));
	MUST(back.count == row->count && back.has_end);
	for (size_t i = 0; i < row->count; i++)
		MUST(back.is_cut || str_is(back.cells[i], row->cells[i]) ||
			(str_starts(back.cells[i], S("'")) &&
				str_ends(back.cells[i], row->cells[i])));
	MUST(!csv_next(&again, arena, &back));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct buf text = buf_in(arena, 3 * size + 3);
	struct csv csv = { 0 };
	struct csv_row row;
	int64_t before = 0;

	csv_decode((bytes){ data, size }, csv_encoding_of((bytes){ data, size }), &text);
	MUST(!text.failed && str_is_utf8(buf_text(&text)));
	csv = (struct csv){ .text = buf_text(&text),
		.delimiter = csv_delimiter_of(buf_text(&text)) };
	while (csv_next(&csv, arena, &row)) {
		MUST(row.row > before && row.count > 0 && row.count <= CSV_CELLS_MAX);
		before = row.row;
		for (size_t i = 0; i < row.count; i++)
			MUST(str_is_utf8(row.cells[i]) && row.cells[i].len <= CSV_CELL_MAX);
		check_written(arena, &row);
	}
	MUST(csv.at == text.len);
	return 0;
}
