/* rule.c: see rule.h. Words are cut and folded as the search does it. */
#include "routing/rule.h"

#include <unicode/uloc.h>

#define FIELD_NAME_MAX 64

static const char *const names[RULE_CONDITIONS] = {
	[RULE_KEYWORDS] = "keywords",   [RULE_CHANNELS] = "channel_ids",
	[RULE_LANGUAGES] = "languages", [RULE_LABELS] = "label_ids",
	[RULE_SOURCES] = "sources",
};

const char *rule_condition_name(enum rule_condition condition)
{
	return names[condition];
}

/* ---- matching ---- */

bool rule_has_keyword(struct arena *arena, const struct text_words *words, str keyword)
{
	struct text_words wanted;

	text_words_of(arena, keyword, &wanted);
	for (size_t i = 0; wanted.count && i + wanted.count <= words->count; i++) {
		size_t same = 0;

		while (same < wanted.count && str_is(words->items[i + same], wanted.items[same]))
			same++;
		if (same == wanted.count)
			return true;
	}
	return false;
}

static bool has_id(const id64 *ids, size_t count, json entry)
{
	id64 id;

	if (!json_id(entry, &id))
		return false;
	for (size_t i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool has_part(str text, str part)
{
	for (size_t i = 0; part.len && i + part.len <= text.len; i++) {
		size_t same = 0;

		while (same < part.len && lower(text.ptr[i + same]) == lower(part.ptr[same]))
			same++;
		if (same == part.len)
			return true;
	}
	return false;
}

static bool has_source(const struct rule_facts *facts, str part)
{
	for (size_t i = 0; i < facts->source_count; i++)
		if (has_part(facts->sources[i], part))
			return true;
	return false;
}

static bool holds(struct arena *arena, enum rule_condition condition, json entry,
	const struct rule_facts *facts)
{
	switch (condition) {
	case RULE_KEYWORDS:
		return rule_has_keyword(arena, &facts->words, json_text(entry));
	case RULE_CHANNELS:
		return has_id(&facts->channel, 1, entry);
	case RULE_LANGUAGES:
		return facts->language.len && str_is_nocase(facts->language, json_text(entry));
	case RULE_LABELS:
		return has_id(facts->labels, facts->label_count, entry);
	case RULE_SOURCES:
		return has_source(facts, json_text(entry));
	case RULE_CONDITIONS:
		break;
	}
	return false;
}

static struct rule_check look(struct arena *arena, enum rule_condition condition, json list,
	const struct rule_facts *facts)
{
	struct rule_check check = { .is_asked = list != NULL, .holds = list == NULL };

	for (size_t i = 0; !check.holds && i < json_count(list); i++) {
		check.holds = holds(arena, condition, json_at(list, i), facts);
		if (check.holds)
			check.found = json_text(json_at(list, i));
	}
	return check;
}

bool rule_match(struct arena *arena, json conditions, const struct rule_facts *facts,
	struct rule_check *checks)
{
	bool all = json_kind(conditions) == JSON_MAP;

	for (int i = 0; i < RULE_CONDITIONS; i++) {
		checks[i] = look(arena, (enum rule_condition)i, json_field(conditions, names[i]),
			facts);
		all = all && checks[i].holds;
	}
	return all;
}

/* ---- reading what people write ---- */

static void wrong(struct job *job, const char *of, str member, str message)
{
	field_error(job, arena_printf(job->arena, "%s." STR_F, of, STR_A(member)), S("invalid"),
		message);
}

static bool is_known(str name)
{
	for (int i = 0; i < RULE_CONDITIONS; i++)
		if (str_is(name, str_of(names[i])))
			return true;
	return false;
}

static bool is_entry(str name, json entry)
{
	str text = json_text(entry);
	id64 id;

	if (str_ends(name, S("_ids")))
		return json_id(entry, &id);
	return str_trim(text).len && str_count_points(text) <= RULE_ENTRY_MAX;
}

static void check_list(struct job *job, str name, json list)
{
	size_t count = json_count(list);

	if (json_kind(list) != JSON_LIST || !count || count > RULE_LIST_MAX) {
		wrong(job, "conditions", name, S("A list of 1 to 50 entries."));
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (!is_entry(name, json_at(list, i))) {
			wrong(job, "conditions", name,
				str_ends(name, S("_ids"))
					? S("Each entry is an id: a text of digits.")
					: S("Each entry is a text of 1 to 200 characters."));
			return;
		}
}

void rule_check_conditions(struct job *job, json conditions)
{
	if (json_kind(conditions) != JSON_MAP) {
		field_error(job, S("conditions"), S("wrong_type"), S("Must be an object."));
		return;
	}
	for (void *at = json_first(conditions); at; at = json_next(conditions, at)) {
		str name = json_member_name(at);

		if (is_known(name))
			check_list(job, name, json_member_value(at));
		else
			wrong(job, "conditions", name, S("This condition is not known."));
	}
}

static void read_labels(struct job *job, json list, struct rule_actions *out)
{
	size_t count = json_count(list);

	if (json_kind(list) != JSON_LIST || count > RULE_LABELS_MAX) {
		wrong(job, "actions", S("label_ids"), S("A list of at most 10 labels."));
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (!json_id(json_at(list, i), &out->labels[out->label_count++]))
			wrong(job, "actions", S("label_ids"),
				S("Each entry is the id of a label."));
}

static void read_action(struct job *job, str name, json value, struct rule_actions *out)
{
	enum conversation_priority priority;
	bool is_nil = json_kind(value) == JSON_NIL;

	if (str_is(name, S("team_id"))) {
		if (!is_nil && !json_id(value, &out->team))
			wrong(job, "actions", name, S("The id of a team."));
	} else if (str_is(name, S("agent_id"))) {
		if (!is_nil && !json_id(value, &out->agent))
			wrong(job, "actions", name, S("The id of an agent."));
	} else if (str_is(name, S("label_ids"))) {
		read_labels(job, value, out);
	} else if (!str_is(name, S("priority"))) {
		wrong(job, "actions", name, S("This action is not known."));
	} else if (!is_nil) {
		if (conversation_priority_parse(json_text(value), &priority))
			out->priority = (int)priority;
		else
			wrong(job, "actions", name, S("One of none, low, medium, high, urgent."));
	}
}

void rule_read_actions(struct job *job, json actions, struct rule_actions *out)
{
	*out = (struct rule_actions){ .priority = -1 };
	if (json_kind(actions) != JSON_MAP) {
		field_error(job, S("actions"), S("wrong_type"), S("Must be an object."));
		return;
	}
	for (void *at = json_first(actions); at; at = json_next(actions, at))
		read_action(job, json_member_name(at), json_member_value(at), out);
}

/* ---- languages ---- */

str language_of_region(struct arena *arena, str region)
{
	char tag[ULOC_FULLNAME_CAPACITY], full[ULOC_FULLNAME_CAPACITY],
		language[ULOC_LANG_CAPACITY];
	UErrorCode e = U_ZERO_ERROR;

	if (region.len != 2)
		return STR_NONE;
	memcpy(tag, "und_", 4);
	memcpy(tag + 4, region.ptr, 2);
	tag[6] = 0;
	uloc_addLikelySubtags(tag, full, sizeof full, &e);
	uloc_getLanguage(full, language, sizeof language, &e);
	if (U_FAILURE(e) || !language[0] || strcmp(language, "und") == 0)
		return STR_NONE;
	return arena_str(arena, str_of(language));
}
