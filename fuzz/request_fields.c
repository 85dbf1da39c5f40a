/* request_fields.c: any JSON object into a struct: each member is as its row of the table says, or
 * an error is noted. */
#include "api/api.h"
#include "fuzz/fuzz.h"

struct inner {
	str street;
};

struct thing {
	str name;
	int64_t size;
	bool has_owner, is_new;
	int flag;
	id64 owner;
	json extra;
	struct inner place;
};

static const struct field inner_fields[] = {
	FIELD(struct inner, street, STR, .max = 3, .required = true),
	{ 0 },
};

static const struct field fields[] = {
	FIELD(struct thing, name, STR, .max = 5, .required = true),
	FIELD(struct thing, size, INT, .min = 1, .max = 10),
	FIELD(struct thing, is_new, BOOL),
	FIELD(struct thing, flag, FLAG),
	FIELD(struct thing, owner, ID, .nullable = true,
		.given_at = offsetof(struct thing, has_owner)),
	FIELD(struct thing, extra, JSON),
	FIELD(struct thing, place, MAP, .fields = inner_fields),
	{ 0 },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct thing thing = { .flag = -1 };
	struct job job = { .name = "fuzz", .arena = fuzz_arena() };
	json root;

	if (json_read(job.arena, str_from((bytes){ data, size }), &root, NULL) != OK)
		return 0;
	fields_read(&job, root, fields, &thing);
	if (job_check_fields(&job) != OK) {
		MUST(job.field_errors && job.why.len);
		return 0;
	}
	MUST(thing.name.len > 0 && str_count_points(thing.name) <= 5);
	MUST(thing.size >= 0 && thing.size <= 10 && thing.flag >= -1 && thing.flag <= 1);
	MUST(thing.owner >= 0 && (thing.owner == 0 || thing.has_owner));
	MUST(str_count_points(thing.place.street) <= 3);
	return 0;
}
