/* replay.c: the main of a fuzz target without libFuzzer: feeds it each file named, or each file of
 * each folder. */
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

enum { INPUT_MAX = 8 << 20, PATH_SIZE = 4096 };

static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = heap_alloc(INPUT_MAX);
	size_t size;

	if (!file) {
		perror(path);
		heap_free(data);
		return 0;
	}
	size = fread(data, 1, INPUT_MAX, file);
	fclose(file);
	/* An allocation of the exact size, so that AddressSanitizer sees a read past the end. */
	data = heap_grow(data, size);
	LLVMFuzzerTestOneInput(data, size);
	heap_free(data);
	return 1;
}

static int replay_folder(const char *path)
{
	DIR *dir = opendir(path);
	char inside[PATH_SIZE];
	int done = 0;

	for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(inside, sizeof inside, "%s/%s", path, e->d_name);
		done += replay_file(inside);
	}
	if (dir)
		closedir(dir);
	return done;
}

int main(int argc, char **argv)
{
	struct stat st;
	int done = 0;

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-' || stat(argv[i], &st) != 0)
			continue;
		done += S_ISDIR(st.st_mode) ? replay_folder(argv[i]) : replay_file(argv[i]);
	}
	printf("%d inputs\n", done);
	return done == 0;
}
