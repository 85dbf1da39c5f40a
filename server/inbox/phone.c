/*
 * phone.c: numbers as people and networks write them.
 *
 * docs/protocol/phone-numbers.md has the reasons. Nothing here says whether a number is on
 * WhatsApp: only that it can be one, and which ways of writing are the same one.
 */
#include "inbox/inbox_internal.h"

#include "account/account.h"

/* ---- variants of one number ---- */

static bool is_area_of_brazil(char a, char b)
{
	/* By first digit: the second digits of the area codes in use. */
	static const char *const seconds[10] = {
		[1] = "123456789",
		[2] = "12478",
		[3] = "1234578",
		[4] = "123456789",
		[5] = "1345",
		[6] = "123456789",
		[7] = "134579",
		[8] = "123456789",
		[9] = "123456789",
	};

	return seconds[a - '0'] && b && strchr(seconds[a - '0'], b);
}

/* 55, area, eight digits beginning 6 to 9: a mobile number from before the ninth digit. */
static bool is_old_brazilian_mobile(str d)
{
	return d.len == 12 && str_starts(d, S("55")) && is_area_of_brazil(d.ptr[2], d.ptr[3]) &&
	       d.ptr[4] >= '6';
}

str phone_match_key(struct arena *arena, str digits)
{
	if (!str_is_digits(digits))
		return digits;
	if (digits.len == 13 && str_starts(digits, S("521")) && digits.ptr[3] >= '2')
		return arena_printf(arena, "52" STR_F, STR_A(str_part(digits, 3, 10)));
	if (digits.len == 13 && str_starts(digits, S("549")))
		return arena_printf(arena, "54" STR_F, STR_A(str_part(digits, 3, 10)));
	if (is_old_brazilian_mobile(digits))
		return arena_printf(arena, STR_F "9" STR_F, STR_A(str_part(digits, 0, 4)),
			STR_A(str_part(digits, 4, 8)));
	return digits;
}

/* ---- reading what people type ---- */

struct region {
	/* prefix: what is dialled before a country's code */
	const char *name, *code, *trunk, *prefix;
	/* bit n: a national number, a mobile one may have n digits */
	uint32_t lengths, mobile;
};

#include "inbox/phone_table.h"

#define NUMBER_DIGITS_MIN 7
#define NUMBER_DIGITS_MAX 15
#define TYPED_MAX 64          /* digits */
#define TYPED_OCTETS_MAX 256

static const struct region *home;

static const struct region *find_region(str name)
{
	for (size_t i = 0; i < COUNT_OF(regions); i++)
		if (name.len == 2 && str_is(name, str_of(regions[i].name)))
			return &regions[i];
	return NULL;
}

bool phone_set_home(str region)
{
	home = find_region(region);
	return home || !region.len;
}

str phone_region(str digits)
{
	const struct region *best = NULL;

	for (size_t i = 0; i < COUNT_OF(regions); i++)
		if (str_starts(digits, str_of(regions[i].code)) &&
			(!best || strlen(regions[i].code) > strlen(best->code)))
			best = &regions[i];
	return best ? str_of(best->name) : STR_NONE;
}

/* What was typed, with the marks gone. */
struct typed {
	char digits[TYPED_MAX];
	size_t len;
	bool plus, wrong;
};

/* One digit or '+', in ASCII, full width, Arabic-Indic, Persian or Devanagari; 0 for a mark that is
 * left out; -1 for what cannot stand in a number. */
static int sign_of(uint32_t point)
{
	static const uint32_t zeros[] = { '0', 0xFF10, 0x0660, 0x06F0, 0x0966 };

	for (size_t i = 0; i < COUNT_OF(zeros); i++)
		if (point >= zeros[i] && point < zeros[i] + 10)
			return '0' + (int)(point - zeros[i]);
	if (point == '+' || point == 0xFF0B)
		return '+';
	if (point < 0x80)
		return point && strchr(" -().\t'", (int)point) ? 0 : -1;
	if (point == 0xA0 || (point >= 0x2000 && point <= 0x206F) || point == 0x2212)
		return 0;
	return -1;
}

static uint32_t next_point(str *s)
{
	const uint8_t *p = (const uint8_t *)s->ptr;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
	uint32_t point = n == 1 ? p[0] : p[0] & (0x7Fu >> n);

	for (size_t i = 1; i < n; i++)
		point = point << 6 | (p[i] & 0x3F);
	*s = str_part(*s, n, s->len);
	return point;
}

/* A second '+' behind digits is a second number; several in front are one. */
static void take_sign(struct typed *out, int sign)
{
	if (sign < 0 || (sign == '+' && out->len) || out->len == TYPED_MAX - 1)
		out->wrong = true;
	else if (sign == '+')
		out->plus = true;
	else if (sign)
		out->digits[out->len++] = (char)sign;
}

/* "+44 (0)7400": the 0 is for callers at home; not in Italy, whose numbers keep it. */
static str without_optional_zero(struct arena *arena, str text)
{
	for (size_t i = 0; i + 3 <= text.len; i++)
		if (str_is(str_part(text, i, 3), S("(0)")) && str_starts(text, S("+")) &&
			!str_starts(text, S("+39")))
			return arena_printf(arena, STR_F STR_F, STR_A(str_part(text, 0, i)),
					    STR_A(str_part(text, i + 3, text.len)));
	return text;
}

static str without_extension(str text)
{
	static const char *const starts[] = { ";ext=", " ext", ";", "x", "#" };

	if (str_starts(text, S("tel:")))
		text = str_part(text, 4, text.len);
	for (size_t s = 0; s < COUNT_OF(starts); s++)
		for (size_t i = 1; i < text.len; i++)
			if (str_starts(str_part(text, i, text.len), str_of(starts[s])))
				text.len = i;
	return text;
}

static struct typed read_typed(struct arena *arena, str text)
{
	struct typed out = { .wrong = !text.len || text.len > TYPED_OCTETS_MAX ||
				      !str_is_utf8(text) };

	if (out.wrong)
		return out;
	text = without_optional_zero(arena, without_extension(str_trim(text)));
	while (text.len && !out.wrong)
		take_sign(&out, sign_of(next_point(&text)));
	return out;
}

static bool has_length(const struct region *r, size_t national)
{
	return national < 32 && (r->lengths & 1u << national);
}

/* Is it a whole number: a code that is in use, and a length that is possible there? WhatsApp's own
 * Mexican form too. */
static bool is_number(str d)
{
	if (d.len < NUMBER_DIGITS_MIN || d.len > NUMBER_DIGITS_MAX)
		return false;
	if (d.len == 13 && str_starts(d, S("521")))
		return true;
	for (size_t i = 0; i < COUNT_OF(regions); i++)
		if (str_starts(d, str_of(regions[i].code)) &&
			has_length(&regions[i], d.len - strlen(regions[i].code)))
			return true;
	return false;
}

/* Brazil: the code of a long-distance carrier. Argentina: 15 behind the area means mobile, which is
 * a 9 from abroad. */
static str national_form(struct arena *arena, const struct region *r, str d)
{
	if (strcmp(r->code, "55") == 0 && (d.len == 12 || d.len == 13) && !has_length(r, d.len))
		return str_part(d, 2, d.len);
	for (size_t area = str_starts(d, S("11")) ? 2 : 3;
		strcmp(r->code, "54") == 0 && d.len == 12 && area <= 4; area++)
		if (str_is(str_part(d, area, 2), S("15")))
			return arena_printf(arena, "9" STR_F STR_F, STR_A(str_part(d, 0, area)),
					    STR_A(str_part(d, area + 2, d.len)));
	return d;
}

static str with_code(struct arena *arena, const struct region *r, str national)
{
	return arena_printf(arena, "%s" STR_F, r->code, STR_A(national_form(arena, r, national)));
}

/* As people of the home country write it: with or without the trunk prefix; or with their country's
 * code and no plus, which is believed when the whole is too long or short for one of their mobile
 * numbers. */
static str read_national(struct arena *arena, const struct region *r, str d)
{
	str trunk = str_of(r->trunk);
	str rest = trunk.len && str_starts(d, trunk) ? str_part(d, trunk.len, d.len) : d;

	if (rest.len < d.len && is_number(with_code(arena, r, rest)))
		return with_code(arena, r, rest);
	if (str_starts(d, str_of(r->code)) && is_number(d) && !(r->mobile & 1u << d.len % 32))
		return d;
	return has_length(r, d.len) ? with_code(arena, r, d) : d;
}

/* Argentina's 15 may stand behind the country's code, too: one digit too many, two of them wrong.
 */
static str international_form(struct arena *arena, str d)
{
	static const struct region argentina = { .code = "54" };

	if (d.len == 14 && str_starts(d, S("54")))
		return with_code(arena, &argentina, str_part(d, 2, d.len));
	return d;
}

/* The workspace's country; the server's where the workspace named none. An import asks for each of
 * its rows, so a job asks the store once. */
static enum err region_of_job(struct job *job, const struct region **out)
{
	struct workspace workspace;

	*out = home;
	if (!job->workspace)
		return OK;
	if (job->home.workspace != job->workspace) {
		TRY(workspace_get(job, &workspace));
		job->home.workspace = job->workspace;
		job->home.region = find_region(workspace.country);
	}
	if (job->home.region)
		*out = job->home.region;
	return OK;
}

static enum err read_number(struct job *job, const struct typed *typed, str *out)
{
	const struct region *r;
	str d = *out = (str){ typed->digits, typed->len }, prefix;

	if (typed->plus) {
		*out = international_form(job->arena, d);
		return OK;
	}
	if (str_starts(d, S("00"))) {
		*out = str_part(d, 2, d.len);
		return OK;
	}
	TRY(region_of_job(job, &r));
	prefix = str_of(r ? r->prefix : "00");
	if (r && str_starts(d, prefix) && is_number(str_part(d, prefix.len, d.len)))
		*out = str_part(d, prefix.len, d.len);
	else if (r)
		*out = read_national(job->arena, r, d);
	return OK;
}

enum err phone_normalise(struct job *job, str text, str *digits)
{
	struct typed typed = read_typed(job->arena, text);
	str number = S("");

	if (!typed.wrong)
		TRY(read_number(job, &typed, &number));
	if (!is_number(number))
		field_error(job, S("to"), S("invalid_phone"),
			S("Not a phone number: write it with its country code, like +49 1512 "
		          "3456789."));
	*digits = arena_str(job->arena, number);
	return job_check_fields(job);
}
