/*
 * poll.c: votes, counted in the content of their poll.
 *
 * The network sends SHA-256 of the names that somebody chose. Who voted for what stands in the
 * content as `voters`, and each option has how many `votes` it has, so that whoever reads the
 * message reads the result. A later vote of one voter takes the place of the one before.
 */
#include "account/seal.h"
#include "base/codec.h"
#include "crypto/crypto.h"
#include "inbox/inbox_internal.h"

#define POLL_JSON_MAX (256u << 10)
#define OPTIONS_MAX 64
#define VOTERS_MAX 1024

struct poll {
	json content;
	str names[OPTIONS_MAX];
	str hashes[OPTIONS_MAX]; /* hex */
	int64_t votes[OPTIONS_MAX];
	size_t count;
};

static void read_poll(struct arena *arena, json content, struct poll *out)
{
	json options = json_field(content, "options");

	*out = (struct poll){ .content = content };
	for (size_t i = 0; i < json_count(options) && i < OPTIONS_MAX; i++) {
		json option = json_at(options, i);
		str name = json_kind(option) == JSON_TEXT ? json_text(option)
		                                          : json_text_at(option, "name");
		uint8_t hash[SHA256_SIZE];

		sha256(bytes_of(name), hash);
		out->names[i] = name;
		out->hashes[i] = hex_text(arena, (bytes){ hash, sizeof hash });
		out->count++;
	}
}

/* ---- voters ---- */

static bool is_voter(json known, str voter)
{
	return str_is(json_text_at(known, "by"), voter);
}

static json voter_of(const struct poll *p, str voter)
{
	json voters = json_field(p->content, "voters");

	for (size_t i = 0; i < json_count(voters); i++)
		if (is_voter(json_at(voters, i), voter))
			return json_at(voters, i);
	return NULL;
}

/* One that voted before, counted again as it was. */
static void keep_voter(struct poll *p, json voter, struct buf *b)
{
	json chosen = json_field(voter, "options");

	for (size_t i = 0; i < json_count(chosen); i++) {
		int64_t at = json_int(json_at(chosen, i), -1);

		if (at >= 0 && (size_t)at < p->count)
			p->votes[at]++;
	}
	json_put_value(b, NULL, voter);
}

static void put_voter(struct poll *p, json votes, const struct vote *vote, struct buf *b)
{
	json_open(b, '{');
	json_put(b, "by", vote->voter);
	json_put(b, "name", vote->name);
	json_put_int(b, "ms", vote->at_ms);
	json_open_in(b, "options", '[');
	for (size_t i = 0; i < p->count; i++)
		for (size_t j = 0; j < json_count(votes); j++)
			if (str_is(json_text(json_at(votes, j)), p->hashes[i])) {
				json_put_int(b, NULL, (int64_t)i);
				p->votes[i]++;
				break;
			}
	json_close(b, ']');
	json_close(b, '}');
}

static str voters_json(struct arena *arena, struct poll *p, json votes, const struct vote *vote)
{
	json voters = json_field(p->content, "voters");
	struct buf b = buf_in(arena, POLL_JSON_MAX);

	json_open(&b, '[');
	for (size_t i = 0; i < json_count(voters) && i < VOTERS_MAX; i++)
		if (!is_voter(json_at(voters, i), vote->voter))
			keep_voter(p, json_at(voters, i), &b);
	put_voter(p, votes, vote, &b);
	json_close(&b, ']');
	return b.failed ? STR_NONE : buf_text(&b);
}

/* ---- the content anew ---- */

static void put_options(const struct poll *p, struct buf *b)
{
	json_open_in(b, "options", '[');
	for (size_t i = 0; i < p->count; i++) {
		json_open(b, '{');
		json_put(b, "name", p->names[i]);
		json_put_int(b, "votes", p->votes[i]);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static str content_with(struct arena *arena, const struct poll *p, str voters)
{
	struct buf b = buf_in(arena, 2 * POLL_JSON_MAX);

	json_open(&b, '{');
	for (void *at = json_first(p->content); at; at = json_next(p->content, at)) {
		str name = json_member_name(at);

		if (str_is(name, S("options")) || str_is(name, S("voters")))
			continue;
		json_key_str(&b, name);
		json_put_value(&b, NULL, json_member_value(at));
	}
	put_options(p, &b);
	json_put_raw(&b, "voters", voters);
	json_close(&b, '}');
	return b.failed ? STR_NONE : buf_text(&b);
}

static bool is_older(const struct poll *p, const struct vote *vote)
{
	json known = voter_of(p, vote->voter);

	return known && json_int(json_field(known, "ms"), 0) >= vote->at_ms;
}

enum err poll_count(struct job *job, str content, const struct vote *vote, str *out)
{
	json read = NULL, votes = NULL;
	struct poll *p = ARENA_NEW(job->arena, struct poll);
	str voters;

	*out = STR_NONE;
	if (json_read(job->arena, content, &read, NULL) != OK ||
		json_read(job->arena, vote->hashes, &votes, NULL) != OK)
		return OK;
	read_poll(job->arena, read, p);
	if (is_older(p, vote))
		return OK;
	voters = voters_json(job->arena, p, votes, vote);
	if (!voters.len)
		return fail(job, ERR_LIMIT, "more people voted than a poll can hold");
	*out = content_with(job->arena, p, voters);
	return OK;
}
