/*
 * contact_face.c: /contacts/{id}/whatsapp and /picture: what somebody shows of themselves to one of
 * our channels.
 *
 * The network is asked each time; browsers keep the answers for some minutes. Its picture comes
 * through us, so that nobody's browser tells the network who looks at whom.
 */
#include "account/channel.h"
#include "api/contact_json.h"
#include "api/handlers.h"
#include "provider/call.h"

#define FACE_CACHE S("private, max-age=300")
#define PICTURE_MAX (1 << 20)

/* How the network is asked for somebody; STR_NONE: it knows them by nothing that can be asked. */
static str asked_name(struct job *job, const struct contact *contact)
{
	if (contact->group.len)
		return STR_NONE;
	if (contact->phone.len)
		return contact->phone;
	return contact->lid.len ? arena_printf(job->arena, STR_F "@lid", STR_A(contact->lid))
				: STR_NONE;
}

static enum err ask(struct job *job, id64 channel, str name, json *out)
{
	struct buf text = buf_in(job->arena, 256);
	json parameters = NULL, answer = NULL;
	str body;

	json_open(&text, '{');
	json_put(&text, "phone", name);
	json_close(&text, '}');
	TRY(json_read(job->arena, buf_text(&text), &parameters, NULL));
	TRY(channel_manage(job, channel, S("contact.info"), parameters, &body));
	TRY(json_read(job->arena, body, &answer, NULL));
	*out = json_field(answer, "contact");
	return OK;
}

struct face { id64 contact, channel; json shown; };

static enum err read_face(struct job *job, const struct request *req, struct face *out)
{
	struct contact contact;
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
			"The contact is no person whom the network can be asked about.");
	return ask(job, out->channel, name, &out->shown);
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
	json_put(out, "about", json_text(json_field(face.shown, "about")));
	json_put_ms(out, "about_ms", json_int(json_field(face.shown, "about_ms"), 0));
	json_put_bool(out, "is_about_hidden",
		json_flag(json_field(face.shown, "is_about_hidden"), false));
	json_put(out, "verified_name", json_text(json_field(face.shown, "verified_name")));
	json_put(out, "picture_url",
		picture.len ? arena_printf(job->arena,
				      "/api/v1/contacts/%lld/picture?channel_id=%lld",
				      (long long)face.contact, (long long)face.channel)
			    : STR_NONE);
	json_put_value(out, "business", json_field(face.shown, "business"));
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
