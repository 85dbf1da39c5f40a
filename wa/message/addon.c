/*
 * addon.c: votes, answers to events, reactions and edits that are enciphered with the secret of
 * the message they are about (§5.10).
 *
 * "JIDs bare text in the addressing the chat used": and who reads cannot know which one that was,
 * so all pairs of a person's two names are tried.
 */
#include "crypto/crypto.h"
#include "wa/message/message_internal.h"

static const struct {
	const char *word;
	bool is_bound;
} uses[WA_USES] = {
	[WA_USE_POLL_VOTE] = { "Poll Vote", true },
	[WA_USE_EVENT_RESPONSE] = { "Event Response", true },
	[WA_USE_REACTION] = { "Enc Reaction", false },
	[WA_USE_COMMENT] = { "Enc Comment", false },
	[WA_USE_EVENT_EDIT] = { "Event Edit", false },
	[WA_USE_MESSAGE_EDIT] = { "Message Edit", false },
	[WA_USE_POLL_EDIT] = { "Poll Edit", false },
	[WA_USE_POLL_ADD_OPTION] = { "Poll Add Option", false },
};
/* Ids and jids come from strangers: more than a key can be derived of is refused. */
#define ABOUT_MAX 255

static bool derive(const struct wa_addon *a, str target_author, str author, uint8_t key[32])
{
	struct buf info = buf_heap(ABOUT_MAX);
	bool fits;

	buf_str(&info, a->target_id);
	buf_str(&info, target_author);
	buf_str(&info, author);
	buf_str(&info, str_of(uses[a->use].word));
	fits = !info.failed;
	if (fits)
		hkdf_sha256(a->secret, BYTES_NONE, buf_text(&info), key);
	buf_done(&info);
	return fits;
}

bool wa_addon_key(const struct wa_addon *addon, uint8_t key[32])
{
	return derive(addon, addon->target_author[0], addon->author[0], key);
}

/* "AAD = targetId ‖ 00 ‖ modifierAuthor for Poll Vote and Event Response, else empty" */
static bytes about(struct arena *arena, const struct wa_addon *a, str author)
{
	struct buf b = buf_in(arena, ABOUT_MAX);

	if (!uses[a->use].is_bound)
		return bytes_of(S(""));
	buf_str(&b, a->target_id);
	buf_byte(&b, 0);
	buf_str(&b, author);
	return buf_bytes(&b);
}

bytes wa_addon_seal(struct arena *arena, const struct wa_addon *addon,
	const uint8_t iv[WA_ADDON_IV_SIZE], bytes plain)
{
	struct buf out = buf_in(arena, plain.len + GCM_TAG_SIZE);
	uint8_t key[32];

	if (!wa_addon_key(addon, key))
		return BYTES_NONE;
	aead_seal(key, iv, about(arena, addon, addon->author[0]), plain, &out);
	crypto_wipe(key, sizeof key);
	return buf_bytes(&out);
}

static bool open_as(struct arena *arena, const struct wa_addon *a, bytes iv, bytes payload,
	str target_author, str author, bytes *out)
{
	struct buf plain = buf_in(arena, payload.len);
	uint8_t key[32];
	bool is_open;

	if (!derive(a, target_author, author, key))
		return false;
	is_open = aead_open(key, iv.ptr, about(arena, a, author), payload, &plain);
	crypto_wipe(key, sizeof key);
	*out = is_open && plain.len ? buf_bytes(&plain) : bytes_of(S(""));
	return is_open;
}

bool wa_addon_open(struct arena *arena, const struct wa_addon *addon, bytes iv, bytes payload,
	bytes *out)
{
	if (addon->secret.len != WA_SECRET_SIZE || iv.len != WA_ADDON_IV_SIZE ||
		payload.len < GCM_TAG_SIZE)
		return false;
	for (size_t i = 0; i < 4; i++) {
		str target_author = addon->target_author[i / 2], author = addon->author[i % 2];

		if (target_author.ptr && author.ptr &&
			open_as(arena, addon, iv, payload, target_author, author, out))
			return true;
	}
	return false;
}

/* ---- votes ---- */

static bytes option_hash(struct arena *arena, str name)
{
	uint8_t *hash = arena_alloc(arena, SHA256_SIZE);

	sha256(bytes_of(name), hash);
	return (bytes){ hash, SHA256_SIZE };
}

static bytes vote_plain(struct arena *arena, const struct wa_ballot *ballot)
{
	Wa__PollVoteMessage vote = WA__POLL_VOTE_MESSAGE__INIT;

	vote.selected_options = ARENA_ARRAY(arena, ProtobufCBinaryData, ballot->count + 1);
	for (size_t i = 0; i < ballot->count; i++)
		vote.selected_options[vote.n_selected_options++] =
			proto_data(option_hash(arena, ballot->options[i]));
	return vote.n_selected_options ? proto_bytes(arena, &vote) : bytes_of(S(""));
}

Wa__Message *wa_message_vote(struct arena *arena, const struct wa_addon *addon,
	const uint8_t iv[WA_ADDON_IV_SIZE], const struct wa_ballot *ballot)
{
	Wa__Message *m = wa_message_new(arena);
	Wa__PollUpdateMessage *update = ARENA_NEW(arena, Wa__PollUpdateMessage);
	Wa__PollEncValue *vote = ARENA_NEW(arena, Wa__PollEncValue);

	wa__poll_update_message__init(update);
	wa__poll_enc_value__init(vote);
	PROTO_SET_DATA(vote, enc_payload,
		wa_addon_seal(arena, addon, iv, vote_plain(arena, ballot)));
	PROTO_SET_DATA(vote, enc_iv, arena_bytes(arena, (bytes){ iv, WA_ADDON_IV_SIZE }));
	update->poll_creation_message_key = wa_message_key(arena, ballot->poll);
	update->vote = vote;
	PROTO_SET(update, sender_timestamp_ms, ballot->t_ms);
	m->poll_update_message = update;
	return m;
}

static uint64_t option_bit(struct arena *arena, const Wa__PollCreationMessage *poll, bytes hash)
{
	for (size_t i = 0; i < poll->n_options && i < WA_VOTES_MAX; i++)
		if (poll->options[i]->option_name &&
			crypto_equal(hash,
				option_hash(arena, str_of(poll->options[i]->option_name))))
			return 1ull << i;
	return 0;
}

bool wa_vote_hashes(struct arena *arena, const struct wa_addon *addon,
	const Wa__PollUpdateMessage *update, bytes *out, size_t *count)
{
	const Wa__PollVoteMessage *vote;
	bytes plain;

	*count = 0;
	if (!update->vote || !wa_addon_open(arena, addon, PROTO_DATA(update->vote, enc_iv),
				     PROTO_DATA(update->vote, enc_payload), &plain))
		return false;
	vote = PROTO_UNPACK(arena, Wa__PollVoteMessage, wa__poll_vote_message, plain);
	for (size_t i = 0; vote && i < vote->n_selected_options && i < WA_VOTES_MAX; i++)
		out[(*count)++] = proto_octets(true, vote->selected_options[i]);
	return vote != NULL;
}

bool wa_vote_read(struct arena *arena, const struct wa_addon *addon,
	const Wa__PollUpdateMessage *update, const Wa__PollCreationMessage *poll, uint64_t *chosen)
{
	bytes hashes[WA_VOTES_MAX];
	size_t count;

	*chosen = 0;
	if (!wa_vote_hashes(arena, addon, update, hashes, &count))
		return false;
	for (size_t i = 0; i < count; i++)
		*chosen |= option_bit(arena, poll, hashes[i]);
	return true;
}

/* ---- the others ---- */

static enum wa_use secret_use(const Wa__SecretEncryptedMessage *m)
{
	switch (m->secret_enc_type) {
	case WA__SECRET_ENCRYPTED_MESSAGE__SECRET_ENC_TYPE__EVENT_EDIT:
		return WA_USE_EVENT_EDIT;
	case WA__SECRET_ENCRYPTED_MESSAGE__SECRET_ENC_TYPE__MESSAGE_EDIT:
		return WA_USE_MESSAGE_EDIT;
	case WA__SECRET_ENCRYPTED_MESSAGE__SECRET_ENC_TYPE__POLL_EDIT:
		return WA_USE_POLL_EDIT;
	case WA__SECRET_ENCRYPTED_MESSAGE__SECRET_ENC_TYPE__POLL_ADD_OPTION:
		return WA_USE_POLL_ADD_OPTION;
	default:
		return WA_USES;
	}
}

const Wa__MessageKey *wa_addon_target(const Wa__Message *m, enum wa_use *use)
{
	*use = WA_USES;
	if (m->poll_update_message) {
		*use = WA_USE_POLL_VOTE;
		return m->poll_update_message->poll_creation_message_key;
	}
	if (m->enc_event_response_message) {
		*use = WA_USE_EVENT_RESPONSE;
		return m->enc_event_response_message->event_creation_message_key;
	}
	if (m->enc_reaction_message) {
		*use = WA_USE_REACTION;
		return m->enc_reaction_message->target_message_key;
	}
	if (m->enc_comment_message) {
		*use = WA_USE_COMMENT;
		return m->enc_comment_message->target_message_key;
	}
	if (m->secret_encrypted_message)
		*use = secret_use(m->secret_encrypted_message);
	return *use == WA_USES ? NULL : m->secret_encrypted_message->target_message_key;
}

static Wa__Message *reaction_of(struct arena *arena, bytes plain, const Wa__MessageKey *key)
{
	Wa__ReactionMessage *reaction =
		PROTO_UNPACK(arena, Wa__ReactionMessage, wa__reaction_message, plain);
	Wa__Message *m = wa_message_new(arena);

	if (!reaction)
		return NULL;
	reaction->key = (Wa__MessageKey *)(uintptr_t)key;
	m->reaction_message = reaction;
	return m;
}

const Wa__Message *wa_addon_message(struct arena *arena, const struct wa_addon *addon,
	const Wa__Message *m)
{
	const Wa__EncReactionMessage *r = m->enc_reaction_message;
	const Wa__EncCommentMessage *c = m->enc_comment_message;
	const Wa__SecretEncryptedMessage *s = m->secret_encrypted_message;
	bytes plain;

	if (r && wa_addon_open(arena, addon, PROTO_DATA(r, enc_iv), PROTO_DATA(r, enc_payload),
			 &plain))
		return reaction_of(arena, plain, r->target_message_key);
	if ((c && wa_addon_open(arena, addon, PROTO_DATA(c, enc_iv), PROTO_DATA(c, enc_payload),
			  &plain)) ||
		(s && wa_addon_open(arena, addon, PROTO_DATA(s, enc_iv), PROTO_DATA(s, enc_payload),
			      &plain)))
		return PROTO_UNPACK(arena, Wa__Message, wa__message, plain);
	return NULL;
}
