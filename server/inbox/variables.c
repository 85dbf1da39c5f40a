/*
 * variables.c: {{contact.name|friend}}: what a text may be filled in with, and the filling in.
 *
 * The console fills in by itself from the same values (variables.ts), so that a ready answer is
 * there at once; tests/data/variables.json holds the two to the same results.
 */
#include "inbox/composer.h"

#include "account/account.h"
#include "account/channel.h"
#include "inbox/contacts.h"
#include "store/queries.h"

#define NAME_MAX_OCTETS 120
#define ATTRIBUTES S("contact.attributes.")

static const char *const names[] = {
	"contact.name",
	"contact.first_name",
	"contact.phone",
	"agent.name",
	"agent.first_name",
	"conversation.number",
	"channel.name",
	"workspace.name",
};

/* ---- reading ---- */

static bool is_known(str name)
{
	if (str_starts(name, ATTRIBUTES))
		return name.len > ATTRIBUTES.len && name.len <= NAME_MAX_OCTETS;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (str_is(name, str_of(names[i])))
			return true;
	return false;
}

static size_t find_pair(str s, char c)
{
	for (size_t i = 0; i + 1 < s.len; i++)
		if (s.ptr[i] == c && s.ptr[i + 1] == c)
			return i;
	return s.len;
}

/* The next {{…}}: text before it, its name, its default (none: it has none). */
struct place { str before, name, otherwise; bool closed; };

/* False when there is no more: then before is the rest. */
static bool next_place(str *rest, struct place *out)
{
	size_t open = find_pair(*rest, '{'), close;
	str inside;

	*out = (struct place){ .before = str_part(*rest, 0, open) };
	if (open == rest->len)
		return false;
	*rest = str_part(*rest, open + 2, rest->len);
	close = find_pair(*rest, '}');
	out->closed = close < rest->len;
	inside = str_part(*rest, 0, close);
	*rest = str_part(*rest, close + 2, rest->len);
	if (str_find(inside, '|') < inside.len) {
		out->name = str_trim(str_split(&inside, '|'));
		out->otherwise = inside.ptr ? str_trim(inside) : S("");
	} else {
		out->name = str_trim(inside);
	}
	return true;
}

static void note_unknown(struct job *job, str field, const struct place *at)
{
	if (!at->closed)
		field_error(job, field, S("unclosed_variable"),
			S("A {{ has no }} behind it."));
	else if (!is_known(at->name))
		field_error(job, field, S("unknown_variable"),
			arena_printf(job->arena, "There is no variable " STR_F ".",
				STR_A(str_first_points(at->name, NAME_MAX_OCTETS))));
}

void variables_check(struct job *job, str field, str text)
{
	struct place at;

	while (next_place(&text, &at))
		note_unknown(job, field, &at);
}

/* ---- filling in ---- */

static str value_of(const struct variables *variables, str name)
{
	for (size_t i = 0; i < variables->count; i++)
		if (str_is(variables->items[i].name, name))
			return variables->items[i].value;
	return STR_NONE;
}

static str fill_one(struct job *job, str field, const struct place *at,
	const struct variables *variables)
{
	str value = value_of(variables, at->name);

	if (!at->closed || !is_known(at->name)) {
		note_unknown(job, field, at);
		return S("");
	}
	if (value.len)
		return value;
	if (!at->otherwise.ptr)
		field_error(job, field, S("missing_variable"),
			arena_printf(job->arena,
				"There is no value for " STR_F
				": give a default, as in {{" STR_F "|friend}}.",
				STR_A(at->name), STR_A(at->name)));
	return at->otherwise;
}

str variables_fill(struct job *job, str field, str text, const struct variables *variables)
{
	struct buf out = buf_in(job->arena, 16 * VARIABLES_TEXT_MAX);
	struct place at;
	bool more = true;

	while (more) {
		more = next_place(&text, &at);
		buf_str(&out, at.before);
		if (more)
			buf_str(&out, fill_one(job, field, &at, variables));
	}
	if (out.failed || str_count_points(buf_text(&out)) > VARIABLES_TEXT_MAX)
		field_error(job, field, S("too_long"), S("At most 4096 characters."));
	return buf_text(&out);
}

/* ---- values ---- */

static void put(struct variables *out, const char *name, str value)
{
	out->items[out->count++] = (struct variable){ str_of(name), value };
}

static void put_names(struct variables *out, const char *name, const char *first, str value)
{
	str rest = value;

	put(out, name, value);
	put(out, first, str_split(&rest, ' '));
}

static str with_plus(struct job *job, str digits)
{
	return str_is_digits(digits) ? arena_printf(job->arena, "+" STR_F, STR_A(digits))
				     : STR_NONE;
}

/* A contact whom nobody has named is shown by number; "Dear +49…" is no greeting. */
static str name_of(const struct contact *contact)
{
	str name = contact->name;

	if (name.len && name.ptr[0] == '+')
		name = str_part(name, 1, name.len);
	return str_is_digits(name) || str_is(contact->name, contact->bsuid) ? STR_NONE
									     : contact->name;
}

static void put_attributes(struct job *job, const struct contact *contact,
	const struct attributes *all, struct variables *out)
{
	for (size_t i = 0; i < all->count; i++)
		out->items[out->count++] = (struct variable){
			arena_printf(job->arena, "contact.attributes." STR_F,
				STR_A(all->items[i].key)),
			contact_value(job->arena, contact, all->items[i].id),
		};
}

static enum err put_contact(struct job *job, id64 id, const struct attributes *attributes,
	struct variables *out)
{
	struct contact contact;

	TRY(contact_get(job, id, &contact));
	put_attributes(job, &contact, attributes, out);
	put_names(out, "contact.name", "contact.first_name", name_of(&contact));
	put(out, "contact.phone", with_plus(job, contact.phone));
	return OK;
}

static enum err put_agent(struct job *job, id64 agent, struct variables *out)
{
	struct person_name_rows rows = { 0 };

	if (agent)
		TRY(sql_conversation_people(job,
			&(struct sql_conversation_people){
				.ids = arena_printf(job->arena, "[%lld]", (long long)agent),
				.workspace = job->workspace },
			&rows));
	put_names(out, "agent.name", "agent.first_name",
		rows.count ? rows.items[0].name : STR_NONE);
	return OK;
}

enum err variables_of(struct job *job, const struct conversation *conv, id64 agent,
	struct variables *out)
{
	struct attributes attributes;
	struct workspace workspace;
	struct channel *channel;

	TRY(attribute_list(job, &attributes));
	*out = (struct variables){ ARENA_ARRAY(job->arena, struct variable,
					   COUNT_OF(names) + attributes.count),
		0 };
	TRY(put_contact(job, conv->contact_id, &attributes, out));
	TRY(put_agent(job, agent, out));
	TRY(channel_get(job, conv->channel_id, &channel));
	put(out, "conversation.number", with_plus(job, channel->phone));
	put(out, "channel.name", channel->name);
	TRY(workspace_get(job, &workspace));
	put(out, "workspace.name", workspace.name);
	return OK;
}
