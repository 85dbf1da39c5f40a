/*
 * client_token.c: privacy tokens: what proves that we may write to somebody, and that they may to
 * us.
 *
 * A record for each account: "when theirs was made, when ours was given, theirs in hex". Source:
 * docs/protocol/linked-device-2-messaging.md §3.11.
 */
#include "wa/client/client_internal.h"

#include "base/codec.h"

#define TOKEN_MAX 1024
#define SALT_NAME S("nct_salt")

struct token { int64_t t_s, given_s; bytes octets; };

static enum err key_of(struct wa_client *c, struct arena *arena, const struct jid *who, str *out)
{
	struct client_person p;
	struct jid jid;

	TRY(client_person(c, arena, who, &p));
	jid = client_person_jid(&p, 0, true);
	*out = jid_text(arena, &jid);
	return OK;
}

static enum err get(struct wa_client *c, const struct wa_call *call, str key, struct token *out)
{
	bytes record;
	enum err e = client_get(c, call, WA_RECORD_TOKEN, key, &record);
	struct buf octets = buf_in(call->out->arena, TOKEN_MAX);
	str text;

	*out = (struct token){ 0 };
	if (e != OK)
		return e == ERR_MISSING ? OK : e;
	text = str_from(record);
	if (!str_to_i64(str_split(&text, ' '), &out->t_s) ||
		!str_to_i64(str_split(&text, ' '), &out->given_s) || !hex_read(text, &octets))
		return ERR_CORRUPT;
	out->octets = buf_bytes(&octets);
	return OK;
}

static enum err keep(struct wa_client *c, const struct wa_call *call, str key,
	const struct token *token)
{
	struct buf record = buf_in(call->out->arena, 3 * TOKEN_MAX);

	buf_printf(&record, "%lld %lld ", (long long)token->t_s, (long long)token->given_s);
	hex_write(&record, token->octets);
	return client_keep(c, WA_RECORD_TOKEN, key, buf_bytes(&record));
}

/* Once read, it is known; who learns a new one (history, app state) calls client_salt_set. */
static enum err read_salt(struct wa_client *c, const struct wa_call *call)
{
	bytes salt;
	enum err e;

	if (c->knows_salt)
		return OK;
	e = client_get(c, call, WA_RECORD_ACCOUNT, SALT_NAME, &salt);
	if (e != OK && e != ERR_MISSING)
		return e;
	c->knows_salt = true;
	c->salt_len = e == OK && salt.len <= sizeof c->salt ? (uint8_t)salt.len : 0;
	if (c->salt_len)
		memcpy(c->salt, salt.ptr, c->salt_len);
	return OK;
}

enum err client_salt_set(struct wa_client *c, bytes salt)
{
	c->knows_salt = false;
	return salt.len ? client_keep(c, WA_RECORD_ACCOUNT, SALT_NAME, salt)
			: client_drop(c, WA_RECORD_ACCOUNT, SALT_NAME);
}

enum err client_salt_add(struct wa_client *c, const struct wa_call *call, bytes salt)
{
	TRY(read_salt(c, call));
	return c->salt_len ? OK : client_salt_set(c, salt);
}

static enum err attach_own_proof(struct wa_client *c, const struct wa_call *call,
	const struct jid *to, struct node *message)
{
	struct arena *arena = call->out->arena;
	uint8_t proof[32];

	if (!str_is(to->server, JID_SERVER_LID))
		return OK;
	TRY(read_salt(c, call));
	if (!c->salt_len)
		return OK;
	wa_cstoken((bytes){ c->salt, c->salt_len }, jid_text(arena, to), proof);
	node_put_data(node_add(arena, message, "cstoken"),
		arena_bytes(arena, (bytes){ proof, sizeof proof }));
	return OK;
}

enum err client_token_attach(struct wa_client *c, const struct wa_call *call,
	const struct jid *to, struct node *message)
{
	int64_t now_s = call->now->wall_ms / 1000;
	struct token token;
	str key;

	if (!client_is_person(to) || client_is_own(c, to))
		return OK;
	TRY(key_of(c, call->out->arena, to, &key));
	TRY(get(c, call, key, &token));
	if (!token.octets.len || wa_token_is_expired(now_s, token.t_s))
		return attach_own_proof(c, call, to, message);
	node_put_data(node_add(call->out->arena, message, "tctoken"), token.octets);
	return OK;
}

/* ---- giving ours ---- */

static enum err take_tokens(struct wa_client *c, const struct wa_call *call,
	const struct node *node, const struct jid *from)
{
	const struct node *tokens = node_child(node, "tokens");
	struct token kept;
	str key;

	TRY(key_of(c, call->out->arena, from, &key));
	TRY(get(c, call, key, &kept));
	for (const struct node *t = tokens ? tokens->first : NULL; t; t = t->next) {
		int64_t t_s = node_int(t, "t", 0);

		if (!node_is(t, "token") || !node_has(t, "type", "trusted_contact") ||
			t_s < kept.t_s || !node_data(t).len || node_data(t).len > TOKEN_MAX)
			continue;
		kept.t_s = t_s;
		kept.octets = node_data(t);
	}
	return kept.octets.len ? keep(c, call, key, &kept) : OK;
}

enum err client_no_matter(struct wa_client *c, const struct wa_call *call, const struct node *iq,
	uint64_t tag)
{
	(void)c, (void)call, (void)iq, (void)tag;
	return OK;
}

static enum err give(struct wa_client *c, const struct wa_call *call, const struct jid *to,
	int64_t t_s)
{
	struct arena *arena = call->out->arena;
	struct node *iq = wa_iq(arena, "set", "privacy", NULL),
		    * token = node_add(arena, node_add(arena, iq, "tokens"), "token");
	struct client_person p;
	struct jid jid;

	TRY(client_person(c, arena, to, &p));
	jid = client_person_jid(&p, 0, true);
	node_put_jid(arena, token, "jid", &jid);
	node_put_int(arena, token, "t", t_s);
	node_put(arena, token, "type", S("trusted_contact"));
	return client_ask(c, call, iq, client_no_matter, 0);
}

enum err client_token_give(struct wa_client *c, const struct wa_call *call, const struct jid *to)
{
	int64_t now_s = call->now->wall_ms / 1000;
	struct token token;
	str key;

	if (!client_is_person(to) || client_is_own(c, to))
		return OK;
	TRY(key_of(c, call->out->arena, to, &key));
	TRY(get(c, call, key, &token));
	if (token.given_s && !wa_token_is_due(now_s, token.given_s))
		return OK;
	token.given_s = now_s;
	TRY(keep(c, call, key, &token));
	return give(c, call, to, now_s);
}

enum err client_token_again(struct wa_client *c, const struct wa_call *call, const struct jid *to)
{
	struct token token;
	str key;

	TRY(key_of(c, call->out->arena, to, &key));
	TRY(get(c, call, key, &token));
	return token.given_s ? give(c, call, to, token.given_s) : OK;
}

enum err client_take_token(struct wa_client *c, const struct wa_call *call,
	const struct node *notice)
{
	struct jid from, lid;

	if (!node_jid(notice, "from", &from) || !client_is_person(&from))
		return OK;
	if (node_jid(notice, "sender_lid", &lid))
		TRY(client_learn_both(c, call, &lid, &from));
	return take_tokens(c, call, notice, &from);
}
