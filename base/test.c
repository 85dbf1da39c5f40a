/* test.c: runs the registered tests of one program; see test.h. */
#include "base/test.h"

#include "base/codec.h"

#include <dirent.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct test *tests, **tests_end = &tests;
static struct arena *arena;
static jmp_buf failed;
static char folder[128];

void test_register(struct test *test)
{
	*tests_end = test;
	tests_end = &test->next;
}

struct arena *test_arena(void)
{
	return arena;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void remove_folder(void)
{
	if (folder[0])
		nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	folder[0] = 0;
}

const char *test_folder(void)
{
	const char *root = getenv("TMPDIR");

	if (!folder[0]) {
		snprintf(folder, sizeof folder, "%.80s/parley-test-XXXXXX",
			root && *root ? root : "/tmp");
		if (!mkdtemp(folder))
			abort();
	}
	return folder;
}

static str data_path(const char *path)
{
	return arena_printf(arena, "%s/%s", TEST_DATA, path);
}

str test_data(const char *path)
{
	FILE *file = fopen(data_path(path).ptr, "rb");
	struct stat st;
	char *text;

	if (!file || fstat(fileno(file), &st) != 0)
		test_fail(__FILE__, __LINE__, "cannot read tests/data/%s", path);
	text = arena_alloc(arena, (size_t)st.st_size + 1);
	st.st_size = (off_t)fread(text, 1, (size_t)st.st_size, file);
	fclose(file);
	return (str){ text, (size_t)st.st_size };
}

static int is_visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

json test_json(const char *path)
{
	json root;
	str why;

	if (json_read(test_arena(), test_data(path), &root, &why) != OK)
		test_fail(path, 0, "is not JSON: " STR_F, STR_A(why));
	return root;
}

bytes test_octets(json v, const char *path)
{
	str hex = json_text_at(v, path);
	struct buf out = buf_in(test_arena(), hex.len + 1);

	if (!hex.ptr || !hex_read(hex, &out))
		test_fail(path, 0, "is not there as hex");
	return buf_bytes(&out);
}

const char *test_json_text(json v, const char *path)
{
	str text = json_text_at(v, path);

	return text.ptr ? arena_cstr(test_arena(), text) : NULL;
}

size_t test_data_each(const char *folder_name, void (*one)(str name, str content))
{
	struct dirent **files = NULL;
	int n = scandir(data_path(folder_name).ptr, &files, is_visible, alphasort);

	for (int i = 0; i < n; i++) {
		str path = arena_printf(arena, "%s/%s", folder_name, files[i]->d_name);

		free(files[i]);
		one(path, test_data(path.ptr));
	}
	free(files);
	return n > 0 ? (size_t)n : 0;
}

void test_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	longjmp(failed, 1);
}

void test_expect_str(const char *file, int line, str got, str want)
{
	if (!str_is(got, want) || !got.ptr != !want.ptr)
		test_fail(file, line, "got \"" STR_F "\", want \"" STR_F "\"", STR_A(got),
		          STR_A(want));
}

void test_expect_i64(const char *file, int line, int64_t got, int64_t want)
{
	if (got != want)
		test_fail(file, line, "got %lld, want %lld", (long long)got, (long long)want);
}

void test_expect_err(const char *file, int line, enum err got, enum err want)
{
	if (got != want)
		test_fail(file, line, "got %s, want %s", err_name(got), err_name(want));
}

void test_expect_hex(const char *file, int line, bytes got, const char *want)
{
	struct buf plain = buf_in(arena, 1u << 20);

	for (const char *p = want; *p; p++)
		if (*p != ' ')
			buf_byte(&plain, (uint8_t)*p);
	test_expect_str(file, line, hex_text(arena, got), buf_text(&plain));
}

static bool run_one(const struct test *test)
{
	bool good = setjmp(failed) == 0;

	if (good)
		test->run();
	else
		fprintf(stderr, "FAILED %s\n", test->name);
	arena_reset(arena);
	return good;
}

int main(int argc, char **argv)
{
	int passed = 0, broken = 0;

	arena = arena_create(ARENA_LIMIT_DEFAULT);
	for (struct test *test = tests; test; test = test->next) {
		if (argc > 1 && !strstr(test->name, argv[1]))
			continue;
		if (run_one(test))
			passed++;
		else
			broken++;
	}
	arena_destroy(arena);
	remove_folder();
	printf("%d passed, %d failed\n", passed, broken);
	return broken > 0 || passed == 0;
}
