/*
 * contact_face.c: /contacts/{id}/whatsapp, /picture and /members: what somebody shows of themselves
 * to one of our channels, and who is in a group.
 *
 * The network is asked each time; browsers keep the answers for some minutes. Its picture comes
 * through us, so that nobody's browser tells the network who looks at whom.
 */
#include "account/channel.h"
#include "api/contact_json.h"
#include "api/handlers.h"
#include "provider/call.h"

#define FACE_CACHE S("private, max-age=300")
#define MEMBERS_CACHE S("private, max-age=60")
#define PICTURE_MAX (1 << 20)

/* How the network is asked for somebody; STR_NONE: it knows them by nothing that can be asked. */
static str asked_name(struct job *job, const struct contact *contact)
{
	if (contact->group.len)
		return contact->group;
	if (contact->phone.len)
		return contact->phone;
	return contact->lid.len ? arena_printf(job->arena, STR_F "@lid", STR_A(contact->lid))
				: STR_NONE;
}

/* A call of the channel that takes one name. */
static enum err ask(struct job *job, id64 channel, str call, const char *key, str name, json *out)
{
	struct buf text = buf_in(job->arena, 256);
	json parameters = NULL;
	str body;

	json_open(&text, '{');
	json_put(&text, key, name);
	json_close(&text, '}');
	TRY(json_read(job->arena, buf_text(&text), &parameters, NULL));
	TRY(channel_manage(job, channel, call, parameters, &body));
	return json_read(job->arena, body, out, NULL);
}

struct face { id64 contact, channel; bool is_group; json shown; };

static enum err read_face(struct job *job, const struct request *req, struct face *out)
{
	struct contact contact;
	json answer = NULL;
	str name;

	TRY(request_contact(job, req, &out->contact));
	TRY(contact_get(job, out->contact, &contact));
	out->channel = request_query_id(job, req, "channel_id");
	if (!out->channel)
		field_error(job, S("channel_id"), S("required"),
			S("The channel that the person is looked at from."));
	TRY(job_check_fields(job));
	name = asked_name(job, &contact);
	if (!name.len)
		return fail_code(job, ERR_MISSING, S("not_a_person"),
			S("Look at a contact that has a phone number."),
			"The contact is nobody whom the network can be asked about.");
	out->is_group = contact.group.len > 0;
	TRY(out->is_group ? ask(job, out->channel, S("group.get"), "group", name, &answer)
			  : ask(job, out->channel, S("contact.info"), "phone", name, &answer));
	out->shown = json_field(answer, out->is_group ? "group" : "contact");
	return OK;
}

/* A group shows its description, and is no business. */
static void write_about(struct buf *out, const struct face *face)
{
	static const char *const texts[] = { "description", "address", "email", "category" };

	json_put(out, "about",
		json_text(json_field(face->shown, face->is_group ? "description" : "about")));
	if (!face->is_group) {
		json_put_value(out, "business", json_field(face->shown, "business"));
		return;
	}
	json_open_in(out, "business", '{');
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		json_put_null(out, texts[i]);
	json_open_in(out, "websites", '[');
	json_close(out, ']');
	json_close(out, '}');
}

enum err contact_whatsapp(struct job *job, const struct request *req, struct response *res)
{
	struct face face = { 0 };
	struct buf *out;
	str picture;

	TRY(read_face(job, req, &face));
	picture = json_text(json_field(face.shown, "picture_url"));
	response_header(res, S("Cache-Control"), FACE_CACHE);
	out = reply_json(res, 200);
	json_open(out, '{');
	write_about(out, &face);
	json_put_ms(out, "about_ms", json_int(json_field(face.shown, "about_ms"), 0));
	json_put_bool(out, "is_about_hidden",
		json_flag(json_field(face.shown, "is_about_hidden"), false));
	json_put(out, "verified_name", json_text(json_field(face.shown, "verified_name")));
	json_put(out, "picture_url",
		picture.len ? arena_printf(job->arena,
				      "/api/v1/contacts/%lld/picture?channel_id=%lld",
				      (long long)face.contact, (long long)face.channel)
			    : STR_NONE);
	json_close(out, '}');
	return OK;
}

/* ---- the picture ---- */

static bool keep(void *arg, bytes piece)
{
	struct buf *out = arg;

	buf_put(out, piece.ptr, piece.len);
	return !out->failed;
}

/* Nothing else is handed to a browser, whatever the network calls it. */
static bool is_jpeg(str data)
{
	return str_starts(data, S("\xff\xd8\xff"));
}

enum err contact_picture(struct job *job, const struct request *req, struct response *res)
{
	struct buf data = buf_in(job->arena, PICTURE_MAX);
	const struct media_sink sink = { keep, &data, PICTURE_MAX };
	struct media_info info = { 0 };
	struct face face = { 0 };
	struct channel *ch;

	TRY(read_face(job, req, &face));
	TRY(channel_get(job, face.channel, &ch));
	TRY(provider_fetch_link(job, ch, json_text(json_field(face.shown, "picture_url")), &sink,
		&info));
	if (!is_jpeg(buf_text(&data)))
		return fail(job, ERR_UPSTREAM, "The network's picture is no JPEG.");
	response_header(res, S("Cache-Control"), FACE_CACHE);
	res->type = S("image/jpeg");
	res->status = 200;
	buf_str(&res->body, buf_text(&data));
	return OK;
}

/* ---- who is in a group ---- */

static str text_of(json one, const char *key)
{
	str text = json_text(json_field(one, key));

	return text.len ? text : STR_NONE;
}

/* The contact whom we know them as, if we do: its name goes before the network's. */
static enum err write_member(struct job *job, struct buf *out, const struct channel *ch, json one)
{
	str phone = text_of(one, "phone"), lid = text_of(one, "lid"), name = text_of(one, "name");
	str digits = str_starts(phone, S("+")) ? str_part(phone, 1, phone.len) : phone;
	const struct person_ref who = { .phone = digits, .lid = lid };
	struct contact contact = { 0 };

	TRY(contact_known(job, &who, &contact.id));
	if (contact.id)
		TRY(contact_get(job, contact.id, &contact));
	json_open(out, '{');
	json_put(out, "phone", phone);
	json_put(out, "lid", lid);
	json_put(out, "name", contact.name.len ? contact.name : name);
	json_put_id(out, "contact_id", contact.id);
	json_put_bool(out, "is_admin", json_flag(json_field(one, "is_admin"), false));
	json_put_bool(out, "is_owner", json_flag(json_field(one, "is_owner"), false));
	json_put_bool(out, "is_us", digits.len && str_is(digits, ch->phone));
	json_close(out, '}');
	return OK;
}

enum err contact_members(struct job *job, const struct request *req, struct response *res)
{
	struct face face = { 0 };
	struct channel *ch;
	struct buf *out;
	json members;

	TRY(read_face(job, req, &face));
	if (!face.is_group)
		return fail_code(job, ERR_MISSING, S("not_a_group"),
			S("Look at a contact that is a group."), "The contact is no group.");
	TRY(channel_get(job, face.channel, &ch));
	members = json_field(face.shown, "members");
	response_header(res, S("Cache-Control"), MEMBERS_CACHE);
	out = reply_json(res, 200);
	json_open(out, '{');
	json_put(out, "addressing", json_text(json_field(face.shown, "addressing")));
	json_put_bool(out, "announce", json_flag(json_field(face.shown, "announce"), false));
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < json_count(members); i++)
		TRY(write_member(job, out, ch, json_at(members, i)));
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}
