/*
 * vectors_message.c: messages (JSON ↔ octets, in the order of the fields), votes and other add-ons,
 * and tokens.
 *
 * JSON is put into messages, and compared with them, by protobuf-c's descriptors: the names are
 * those of our .proto files, octets are {"hex": "…"}, and numbers of 64 bits may be texts.
 */
#include "wa/message/message.h"
#include "wa/vectors/vectors.h"

#include "base/codec.h"

/* ---- JSON into a message ---- */

static void *made_of(struct vectors *v, const ProtobufCMessageDescriptor *kind, json from);

static bytes octets_of(struct vectors *v, json value)
{
	str hex = json_text_at(value, "hex");
	struct buf out = buf_in(v->arena, hex.len / 2 + 1);

	return hex_read(hex, &out) && out.len ? buf_bytes(&out) : (bytes){ (const uint8_t *)"", 0 };
}

/* An enum is its name or its number. */
static int enum_of(const ProtobufCFieldDescriptor *f, json value)
{
	const ProtobufCEnumDescriptor *kind = f->descriptor;
	str name = json_text(value);

	for (unsigned i = 0; name.ptr && i < kind->n_values; i++)
		if (str_is(str_of(kind->values[i].name), name))
			return kind->values[i].value;
	return (int)json_int(value, -1);
}

static void put_value(struct vectors *v, const ProtobufCFieldDescriptor *f, json value, void *at)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		*(void **)at = made_of(v, f->descriptor, value);
		break;
	case PROTOBUF_C_TYPE_STRING:
		*(char **)at = wa_cstr(v->arena, json_text(value));
		break;
	case PROTOBUF_C_TYPE_BYTES:
		*(ProtobufCBinaryData *)at = proto_data(octets_of(v, value));
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		*(double *)at = json_number(value, 0);
		break;
	case PROTOBUF_C_TYPE_FLOAT:
		*(float *)at = (float)json_number(value, 0);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)at = json_flag(value, false);
		break;
	case PROTOBUF_C_TYPE_ENUM:
		*(int *)at = enum_of(f, value);
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		*(int64_t *)at = json_int(value, 0);
		break;
	default:
		*(int32_t *)at = (int32_t)json_int(value, 0);
	}
}

static size_t size_of(const ProtobufCFieldDescriptor *f)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
	case PROTOBUF_C_TYPE_STRING:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_DOUBLE:
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return sizeof(int64_t);
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	default:
		return sizeof(int32_t);
	}
}

static void put_list(struct vectors *v, const ProtobufCFieldDescriptor *f, json list, char *message)
{
	size_t size = size_of(f), count = json_count(list);
	char *items = arena_alloc(v->arena, size * count + 1);

	for (size_t i = 0; i < count; i++)
		put_value(v, f, json_at(list, i), items + i * size);
	*(size_t *)(message + f->quantifier_offset) = count;
	*(void **)(message + f->offset) = items;
}

static bool has_flag(const ProtobufCFieldDescriptor *f)
{
	return f->label == PROTOBUF_C_LABEL_OPTIONAL && f->type != PROTOBUF_C_TYPE_MESSAGE &&
	       f->type != PROTOBUF_C_TYPE_STRING;
}

static void *made_of(struct vectors *v, const ProtobufCMessageDescriptor *kind, json from)
{
	char *message = arena_alloc(v->arena, kind->sizeof_message);

	protobuf_c_message_init(kind, message);
	for (void *at = json_first(from); at; at = json_next(from, at)) {
		const char *name = arena_cstr(v->arena, json_member_name(at));
		const ProtobufCFieldDescriptor *f =
			protobuf_c_message_descriptor_get_field_by_name(kind, name);

		if (!f) {
			check(v, false, name);
			continue;
		}
		if (f->label == PROTOBUF_C_LABEL_REPEATED) {
			put_list(v, f, json_member_value(at), message);
			continue;
		}
		put_value(v, f, json_member_value(at), message + f->offset);
		if (has_flag(f))
			*(protobuf_c_boolean *)(message + f->quantifier_offset) = true;
	}
	return message;
}

/* Nothing in it that our protos do not know. */
static bool is_known(const ProtobufCMessage *m)
{
	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
		const char *at = (const char *)m + f->offset;
		size_t count = 1;

		if (f->type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		if (f->label == PROTOBUF_C_LABEL_REPEATED) {
			count = *(const size_t *)((const char *)m + f->quantifier_offset);
			at = *(const char *const *)at;
		}
		for (size_t j = 0; j < count; j++) {
			const ProtobufCMessage *inside = ((const ProtobufCMessage *const *)at)[j];

			if (inside && !is_known(inside))
				return false;
		}
	}
	return m->n_unknown_fields == 0;
}

static void one_message(struct vectors *v, json c)
{
	bytes encoded = octets_at(v, c, "encoded");
	Wa__Message *read = PROTO_UNPACK(v->arena, Wa__Message, wa__message, encoded);
	void *made = made_of(v, &wa__message__descriptor, json_field(c, "message"));

	if (!check(v, read, "it does not decode"))
		return;
	check(v, is_known(&read->base), "it has fields that we do not know");
	check_octets(v, proto_bytes(v->arena, read), c, "encoded");
	/* The same octets of both: what was decoded is what the JSON says. */
	check_octets(v, proto_bytes(v->arena, made), c, "encoded");
}

void vectors_messages(struct vectors *v)
{
	each_case(v, v->part, one_message);
}

/* ---- add-ons ---- */

static struct wa_addon addon_of(struct vectors *v, json c, enum wa_use use)
{
	return (struct wa_addon){ .use = use, .secret = octets_at(v, c, "message_secret"),
		.target_id = text_at(v, c, "poll_message_id"),
		.target_author = { text_at(v, c, "poll_creator") },
		.author = { text_at(v, c, "voter") } };
}

/* c: the section; shared: who and which poll, and the IV. */
static void check_addon(struct vectors *v, json c, json shared, struct wa_addon *addon,
	const char *plain_path)
{
	bytes plain = octets_at(v, c, plain_path), iv = octets_at(v, shared, "iv"), opened;
	uint8_t key[32];

	if (!check(v, iv.len == WA_ADDON_IV_SIZE && wa_addon_key(addon, key), "iv and key"))
		return;
	check_octets(v, (bytes){ key, sizeof key }, c, "key");
	check_octets(v, wa_addon_seal(v->arena, addon, iv.ptr, plain), c, "enc_payload");
	check(v, wa_addon_open(v->arena, addon, iv, octets_at(v, c, "enc_payload"), &opened),
		"it opens");
	check_octets(v, opened, c, plain_path);
	/* By the other name of the voter, too. */
	addon->author[1] = addon->author[0];
	addon->author[0] = S("1@s.whatsapp.net");
	check(v, wa_addon_open(v->arena, addon, iv, octets_at(v, c, "enc_payload"), &opened),
		"it opens by the second name");
}

static void check_ballot(struct vectors *v, json c, const struct wa_addon *addon)
{
	struct wa_target target = { .id = addon->target_id };
	json chosen = json_field(c, "chosen");
	str names[WA_POLL_OPTIONS_MAX];
	struct wa_ballot ballot = { .poll = &target, .options = names };
	const Wa__Message *m;

	for (size_t i = 0; i < json_count(chosen) && i < WA_POLL_OPTIONS_MAX; i++)
		names[ballot.count++] = json_text(json_at(chosen, i));
	m = wa_message_vote(v->arena, addon, octets_at(v, c, "iv").ptr, &ballot);
	check_octets(v, PROTO_DATA(m->poll_update_message->vote, enc_payload), c, "enc_payload");
}

static void one_vote(struct vectors *v, json c)
{
	struct wa_addon addon = addon_of(v, c, WA_USE_POLL_VOTE);

	check_ballot(v, c, &addon);
	check_addon(v, c, c, &addon, "vote_plaintext");
}

void vectors_poll_vote(struct vectors *v)
{
	each_case(v, v->part, one_vote);
}

static void one_response(struct vectors *v, json c)
{
	json shared = json_field(v->root, "poll_vote");
	struct wa_addon addon = addon_of(v, shared, WA_USE_EVENT_RESPONSE);

	check_addon(v, c, shared, &addon, "plaintext");
}

void vectors_event_response(struct vectors *v)
{
	each_case(v, v->part, one_response);
}

/* ---- tokens ---- */

static void one_report(struct vectors *v, json c)
{
	bytes packed = octets_at(v, c, "encoded"), secret = octets_at(v, c, "message_secret");
	uint8_t token[WA_REPORT_SIZE];

	check_octets(v, wa_reporting_content(v->arena, packed), c, "content");
	wa_reporting_token(v->arena, packed, secret, text_at(v, c, "message_id"),
		text_at(v, c, "sender"), text_at(v, c, "remote"), token);
	check_octets(v, (bytes){ token, sizeof token }, c, "token");
	/* Not told for those of which the other library makes no token. */
	if (!json_text_at(c, "token_if_sender_equals_remote").len)
		return;
	wa_reporting_token(v->arena, packed, secret, text_at(v, c, "message_id"),
		text_at(v, c, "remote"), text_at(v, c, "remote"), token);
	check_octets(v, (bytes){ token, sizeof token }, c, "token_if_sender_equals_remote");
}

void vectors_reporting_token(struct vectors *v)
{
	each_case(v, v->part, one_report);
}

static void one_cstoken(struct vectors *v, json c)
{
	uint8_t token[32];

	wa_cstoken(octets_at(v, c, "nct_salt"), text_at(v, c, "recipient_lid"), token);
	check_octets(v, (bytes){ token, sizeof token }, c, "token");
}

void vectors_cstoken(struct vectors *v)
{
	each_case(v, v->part, one_cstoken);
}

static void one_bucket(struct vectors *v, json c)
{
	int64_t now = int_at(v, c, "now"), then = int_at(v, c, "timestamp");

	check(v, wa_token_is_expired(now, then) == json_flag(json_field(c, "expired"), false),
		"expired");
	check(v,
		wa_token_is_due(now, then) ==
			json_flag(json_field(c, "should_issue_again"), false),
		"should_issue_again");
}

void vectors_tctoken_buckets(struct vectors *v)
{
	each_case(v, v->part, one_bucket);
}
