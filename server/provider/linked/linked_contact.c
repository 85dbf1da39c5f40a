/* linked_contact.c: people, the block list and our own face at the network; see linked_people.h. */
#include "provider/linked/linked_people.h"
#include "wa/client/contact.h"
#include "wa/client/usync.h"

static enum err ask(struct linked_asked *a, struct node *iq, const struct node **answer)
{
	return linked_ask(a->job, a->ch->id, iq, answer);
}

/* ---- who is there, who they are ---- */

static enum err ask_usync(struct job *job, id64 channel, struct wa_usync *usync,
	struct wa_usync_result **out, size_t *count)
{
	const struct node *answer;
	enum err e;

	usync->sid = arena_printf(job->arena, "%lld", (long long)job_id(job));
	TRY(linked_ask(job, channel, wa_usync_request(job->arena, usync), &answer));
	e = wa_usync_read(job->arena, answer, out, count);
	return e == OK ? OK : linked_refused(job, e, answer);
}

enum err linked_contact_check(struct linked_asked *a)
{
	json list = json_field(a->parameters, "phones");
	struct wa_usync usync = { .purpose = WA_USYNC_FOR_EXISTENCE, .count = json_count(list) };
	struct wa_usync_user *users = ARENA_ARRAY(a->job->arena, struct wa_usync_user, usync.count);
	struct linked_persons persons;
	struct wa_usync_result *results;
	size_t count;

	(void)linked_read_persons(a->job, list, "phones", &persons);
	TRY(job_check_fields(a->job));
	for (size_t i = 0; i < usync.count; i++)
		users[i].phone = persons.items[i].pn.user;
	usync.users = users;
	TRY(ask_usync(a->job, a->ch->id, &usync, &results, &count));
	json_open_in(a->out, "contacts", '[');
	for (size_t i = 0; i < count; i++) {
		const struct wa_usync_result *r = &results[i];
		struct wa_names names = r->names;

		if (!names.pn.user.len)
			names.pn.user = r->phone;
		json_open(a->out, '{');
		linked_put_names(a->job, a->out, &names);
		json_put_bool(a->out, "is_on_whatsapp", r->is_here);
		json_put(a->out, "verified_name",
			r->verified_name.len ? r->verified_name : STR_NONE);
		json_close(a->out, '}');
	}
	json_close(a->out, ']');
	return OK;
}

/* Hidden or none is no failure here: it is what the contact shows. */
enum err linked_picture_find(struct job *job, id64 channel, const struct jid *of, str *url)
{
	const struct wa_picture_ask ask = { .of = *of };
	const struct node *answer;
	struct wa_picture picture;
	enum err e = linked_ask(job, channel, wa_picture_request(job->arena, &ask), &answer);

	*url = STR_NONE;
	if (e == ERR_DENIED || e == ERR_MISSING) {
		job_forgive(job);
		return OK;
	}
	TRY(e);
	if (wa_picture_read(job->arena, answer, &picture) == OK)
		*url = picture.url;
	return OK;
}

static enum err find_business(struct job *job, id64 channel, const struct jid *of,
	struct wa_business *out)
{
	const struct node *answer;
	enum err e = linked_ask(job, channel, wa_business_request(job->arena, of), &answer);

	*out = (struct wa_business){ 0 };
	if (e == ERR_DENIED || e == ERR_MISSING) {
		job_forgive(job);
		return OK;
	}
	TRY(e);
	if (wa_business_read(job->arena, answer, out) != OK)
		*out = (struct wa_business){ 0 };
	return OK;
}

static enum err find_info(struct job *job, id64 channel, const struct jid *of,
	struct wa_usync_result *out)
{
	const struct wa_usync_user user = { .jid = *of };
	struct wa_usync usync = { .purpose = WA_USYNC_FOR_INFO, .users = &user, .count = 1 };
	struct wa_usync_result *results;
	size_t count;

	TRY(ask_usync(job, channel, &usync, &results, &count));
	*out = count ? results[0] : (struct wa_usync_result){ .jid = *of };
	wa_names_put(&out->names, of);
	return OK;
}

static void put_text(struct buf *out, const char *key, str text)
{
	json_put(out, key, text.len ? text : STR_NONE);
}

static void put_business(struct buf *out, const struct wa_business *b)
{
	json_open_in(out, "business", '{');
	put_text(out, "description", b->description);
	put_text(out, "address", b->address);
	put_text(out, "email", b->email);
	put_text(out, "category", b->category);
	json_open_in(out, "websites", '[');
	for (size_t i = 0; i < b->website_count; i++)
		json_put(out, NULL, b->websites[i]);
	json_close(out, ']');
	json_close(out, '}');
}

enum err linked_contact_info(struct linked_asked *a)
{
	struct wa_business business;
	struct wa_usync_result info;
	struct wa_names names;
	struct jid jid;
	str picture;

	(void)linked_read_person(a->job, json_field(a->parameters, "phone"), S("phone"), &names);
	TRY(job_check_fields(a->job));
	jid = names.pn.user.len ? names.pn : names.lid;
	TRY(find_info(a->job, a->ch->id, &jid, &info));
	TRY(linked_picture_find(a->job, a->ch->id, &jid, &picture));
	TRY(find_business(a->job, a->ch->id, &jid, &business));
	json_open_in(a->out, "contact", '{');
	linked_put_names(a->job, a->out, &info.names);
	put_text(a->out, "about", info.about);
	json_put_ms(a->out, "about_ms", info.about_ms);
	json_put_bool(a->out, "is_about_hidden", info.is_about_hidden);
	put_text(a->out, "verified_name", info.verified_name);
	put_text(a->out, "picture_url", picture);
	put_business(a->out, &business);
	json_close(a->out, '}');
	return OK;
}

/* ---- our own face ---- */

enum err linked_about_set(struct linked_asked *a)
{
	const struct node *answer;

	return ask(a, wa_about_set_request(a->job->arena, json_text_at(a->parameters, "about")),
		&answer);
}

static struct jid own_jid(const struct channel *ch)
{
	return (struct jid){ .user = ch->phone, .server = JID_SERVER_PN };
}

enum err linked_profile(struct job *job, const struct channel *ch, struct business_profile *out)
{
	struct jid own = own_jid(ch);
	struct wa_business business;
	struct wa_usync_result info;

	*out = (struct business_profile){ 0 };
	TRY(find_info(job, ch->id, &own, &info));
	TRY(linked_picture_find(job, ch->id, &own, &out->picture_url));
	TRY(find_business(job, ch->id, &own, &business));
	out->about = info.about;
	out->address = business.address;
	out->description = business.description;
	out->email = business.email;
	out->vertical = business.category;
	out->website_count = business.website_count;
	for (size_t i = 0; i < business.website_count; i++)
		out->websites[i] = business.websites[i];
	return OK;
}

enum err linked_profile_set(struct job *job, const struct channel *ch,
	const struct business_profile *draft)
{
	struct wa_business business = { .address = draft->address,
		.description = draft->description,
		.email = draft->email,
		.website_count = draft->has_websites ? draft->website_count : 0 };
	const struct node *answer;

	for (size_t i = 0; i < business.website_count; i++)
		business.websites[i] = draft->websites[i];
	if (draft->about.ptr)
		TRY(linked_ask(job, ch->id, wa_about_set_request(job->arena, draft->about),
			&answer));
	if (!business.address.ptr && !business.description.ptr && !business.email.ptr &&
		!business.website_count)
		return OK;
	return linked_ask(job, ch->id, wa_business_set_request(job->arena, &business), &answer);
}

/* ---- privacy and blocks ---- */

enum err linked_privacy_get(struct linked_asked *a)
{
	struct wa_privacy *settings;
	const struct node *answer;
	size_t count;
	enum err e;

	TRY(ask(a, wa_privacy_request(a->job->arena), &answer));
	e = wa_privacy_read(a->job->arena, answer, &settings, &count);
	if (e != OK)
		return linked_refused(a->job, e, answer);
	json_open_in(a->out, "privacy", '{');
	for (size_t i = 0; i < count; i++) {
		json_key_str(a->out, settings[i].name);
		json_put(a->out, NULL, settings[i].value);
	}
	json_close(a->out, '}');
	return OK;
}

enum err linked_privacy_set(struct linked_asked *a)
{
	const struct wa_privacy setting = { json_text_at(a->parameters, "name"),
		json_text_at(a->parameters, "value") };
	const struct node *answer;

	return ask(a, wa_privacy_set_request(a->job->arena, &setting), &answer);
}

enum err linked_blocked_list(struct linked_asked *a)
{
	const struct node *answer;
	struct wa_names *blocked;
	size_t count;
	enum err e;

	TRY(ask(a, wa_blocked_request(a->job->arena), &answer));
	e = wa_blocked_read(a->job->arena, answer, &blocked, &count);
	if (e != OK)
		return linked_refused(a->job, e, answer);
	json_open_in(a->out, "blocked", '[');
	for (size_t i = 0; i < count; i++) {
		json_open(a->out, '{');
		linked_put_names(a->job, a->out, &blocked[i]);
		json_close(a->out, '}');
	}
	json_close(a->out, ']');
	return OK;
}

enum err linked_block(struct job *job, const struct channel *ch, const struct person_ref *who,
	bool blocked)
{
	struct wa_names names = { 0 };
	const struct node *answer;

	if (who->lid.len)
		names.lid = (struct jid){ .user = who->lid, .server = JID_SERVER_LID };
	if (who->phone.len)
		names.pn = (struct jid){ .user = who->phone, .server = JID_SERVER_PN };
	if (!who->lid.len && !who->phone.len)
		return fail_code(job, ERR_INPUT, S("no_address"),
			S("Block them on the phone instead."),
			"Neither a phone number nor a hidden id of them is known.");
	return linked_ask(job, ch->id, wa_block_request(job->arena, &names, blocked), &answer);
}
