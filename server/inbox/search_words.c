/*
 * search_words.c: what can be found, as keyed tokens.
 *
 * Bodies are sealed, so the store's index must not hold their words. Each word, folded (NFKC, case)
 * and cut by ICU's word break, gives a token for each of its beginnings of 3 to 8 letters, or one
 * for the whole of a shorter word. A token is 40 bits of HMAC under a key of the workspace: it
 * tells nothing, and search.c checks each hit against the words.
 */
#include "inbox/search_internal.h"

#include "account/seal.h"

#include <pthread.h>
#include <stdlib.h>
#include <unicode/ubrk.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#define TEXT_KEY_DEPTH_MAX 12
#define TOKEN_SIZE 8  /* letters of base 32 */

/* ---- words ---- */

static pthread_key_t breaker_key;
static pthread_once_t breaker_once = PTHREAD_ONCE_INIT;

static void close_breaker(void *breaker)
{
	ubrk_close(breaker);
}

static void make_breaker_key(void)
{
	pthread_key_create(&breaker_key, close_breaker);
}

/* Opening one is dear, and it may not be shared: one for each thread. */
static UBreakIterator *breaker(void)
{
	UErrorCode e = U_ZERO_ERROR;
	UBreakIterator *it;

	pthread_once(&breaker_once, make_breaker_key);
	it = pthread_getspecific(breaker_key);
	if (it)
		return it;
	it = ubrk_open(UBRK_WORD, "", NULL, 0, &e);
	if (U_FAILURE(e))
		abort();
	pthread_setspecific(breaker_key, it);
	return it;
}

/* NFKC with case folding; may be up to 18 times as long (one sign that stands for a sentence), so
 * it is asked first. */
static UChar *fold(struct arena *arena, str text, int32_t *len)
{
	UErrorCode e = U_ZERO_ERROR;
	const UNormalizer2 *folding = unorm2_getNFKCCasefoldInstance(&e);
	UChar *plain = ARENA_ARRAY(arena, UChar, text.len + 1), *folded;
	int32_t plain_len;

	u_strFromUTF8WithSub(plain, (int32_t)text.len + 1, &plain_len, text.ptr, (int32_t)text.len,
		0xFFFD, NULL, &e);
	if (U_FAILURE(e))
		abort();
	*len = unorm2_normalize(folding, plain, plain_len, NULL, 0, &e);
	e = U_ZERO_ERROR;
	folded = ARENA_ARRAY(arena, UChar, (size_t)*len + 1);
	unorm2_normalize(folding, plain, plain_len, folded, *len + 1, &e);
	if (U_FAILURE(e))
		abort();
	return folded;
}

static str utf8_of(struct arena *arena, const UChar *text, int32_t len)
{
	UErrorCode e = U_ZERO_ERROR;
	char *out = arena_alloc(arena, (size_t)len * 3 + 1);
	int32_t out_len;

	u_strToUTF8WithSub(out, len * 3 + 1, &out_len, text, len, 0xFFFD, NULL, &e);
	if (U_FAILURE(e))
		abort();
	return (str){ out, (size_t)out_len };
}

static void add_word(struct arena *arena, struct words *out, str word)
{
	if (out->count == out->cap) {
		size_t cap = out->cap ? 2 * out->cap : 16;

		out->items =
			arena_grow(arena, out->items, out->cap * sizeof word, cap * sizeof word);
		out->cap = cap;
	}
	out->items[out->count++] = word;
}

str words_folded(struct arena *arena, str text)
{
	int32_t len;
	UChar *folded = fold(arena, text, &len);

	return utf8_of(arena, folded, len);
}

void words_add(struct arena *arena, struct words *out, str text)
{
	UErrorCode e = U_ZERO_ERROR;
	UBreakIterator *it = breaker();
	UChar *folded;
	int32_t len, from = 0;

	text.len = text.len < SEARCH_TEXT_MAX ? text.len : SEARCH_TEXT_MAX;
	if (!text.len)
		return;
	folded = fold(arena, text, &len);
	ubrk_setText(it, folded, len, &e);
	if (U_FAILURE(e))
		abort();
	for (int32_t to = ubrk_next(it); to != UBRK_DONE; from = to, to = ubrk_next(it))
		if (ubrk_getRuleStatus(it) >= UBRK_WORD_NONE_LIMIT &&
			out->count < SEARCH_TEXT_WORDS_MAX)
			add_word(arena, out, utf8_of(arena, folded + from, to - from));
}

/* ---- the text that people see ---- */

static bool is_shown(str name)
{
	static const char *const names[] = {
		"body",
		"caption",
		"filename",
		"title",
		"description",
		"text",
		"name",
		"formatted_name",
		"address",
		"company",
		"display_text",
		"headline",
		"question",
		"payment_instruction",
	};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (str_is(name, str_of(names[i])))
			return true;
	return false;
}

static void add_shown(struct arena *arena, json v, int depth, struct words *out)
{
	if (depth > TEXT_KEY_DEPTH_MAX)
		return;
	if (json_kind(v) == JSON_LIST)
		for (size_t i = 0; i < json_count(v); i++)
			add_shown(arena, json_at(v, i), depth + 1, out);
	if (json_kind(v) != JSON_MAP)
		return;
	for (void *at = json_first(v); at; at = json_next(v, at)) {
		json value = json_member_value(at);

		if (json_kind(value) == JSON_TEXT && is_shown(json_member_name(at)))
			words_add(arena, out, json_text(value));
		else
			add_shown(arena, value, depth + 1, out);
	}
}

void words_of_message(struct arena *arena, const struct message *msg, struct words *out)
{
	json content;

	if (msg->content.len && json_read(arena, msg->content, &content, NULL) == OK)
		add_shown(arena, content, 0, out);
}

void text_words_of(struct arena *arena, str text, struct text_words *out)
{
	struct words words = { 0 };

	words_add(arena, &words, text);
	*out = (struct text_words){ words.items, words.count };
}

void message_words(struct arena *arena, const struct message *msg, struct text_words *out)
{
	struct words words = { 0 };

	words_of_message(arena, msg, &words);
	*out = (struct text_words){ words.items, words.count };
}

/* ---- tokens ---- */

struct token { char text[TOKEN_SIZE]; };
struct tokens { struct token items[SEARCH_TOKENS_MAX]; size_t count; uint8_t key[AES_KEY_SIZE]; };

static void add_token(struct tokens *out, struct arena *arena, char space, str word)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	struct buf text = buf_in(arena, word.len + 1);
	uint8_t hash[SHA256_SIZE];
	uint64_t bits = 0;

	if (out->count == COUNT_OF(out->items))
		return;
	buf_byte(&text, (uint8_t)space);
	buf_str(&text, word);
	hmac_sha256((bytes){ out->key, sizeof out->key }, buf_bytes(&text), hash);
	for (size_t i = 0; i < TOKEN_SIZE; i++)
		bits = bits << 8 | hash[i];
	for (size_t i = 0; i < TOKEN_SIZE; i++, bits >>= 5)
		out->items[out->count].text[i] = letters[bits & 31];
	out->count++;
}

static int compare_tokens(const void *a, const void *b)
{
	return memcmp(a, b, TOKEN_SIZE);
}

/* In order, each once, so that the same text always gives the same tokens. */
static str tokens_text(struct tokens *tokens, struct arena *arena)
{
	struct buf out = buf_in(arena, tokens->count * (TOKEN_SIZE + 1));

	qsort(tokens->items, tokens->count, sizeof *tokens->items, compare_tokens);
	for (size_t i = 0; i < tokens->count; i++) {
		if (i && compare_tokens(&tokens->items[i - 1], &tokens->items[i]) == 0)
			continue;
		if (out.len)
			buf_byte(&out, ' ');
		buf_put(&out, tokens->items[i].text, TOKEN_SIZE);
	}
	crypto_wipe(tokens->key, sizeof tokens->key);
	return buf_text(&out);
}

static enum err tokens_new(struct job *job, struct tokens **out)
{
	*out = ARENA_NEW(job->arena, struct tokens);
	return keyed_hash_key(job, S("search"), (*out)->key);
}

static void add_beginnings(struct tokens *out, struct arena *arena, char space,
	const struct words *words)
{
	for (size_t i = 0; i < words->count; i++) {
		size_t points = str_count_points(words->items[i]);

		if (points < SEARCH_PREFIX_MIN)
			add_token(out, arena, space, words->items[i]);
		for (size_t n = SEARCH_PREFIX_MIN; n <= points && n <= SEARCH_PREFIX_MAX; n++)
			add_token(out, arena, space, str_first_points(words->items[i], n));
	}
}

static void add_conversation(struct tokens *out, struct arena *arena, id64 conversation)
{
	add_token(out, arena, SPACE_CONVERSATION,
		arena_printf(arena, "%lld", (long long)conversation));
}

str tag_of_kind(struct arena *arena, enum message_kind kind)
{
	return arena_printf(arena, "k%d", (int)kind);
}

str tag_of_channel(struct arena *arena, id64 channel)
{
	return arena_printf(arena, "c%lld", (long long)channel);
}

str tag_of_author(struct arena *arena, id64 person)
{
	return arena_printf(arena, "p%lld", (long long)person);
}

void tags_add(struct tags *tags, str tag)
{
	if (tags->count < TAGS_MAX)
		tags->items[tags->count++] = tag;
}

/* A message of any kind is found by what it is, also one without words. */
static void add_tags(struct tokens *out, struct arena *arena, const struct message *msg)
{
	add_token(out, arena, SPACE_TAG, S("all"));
	add_token(out, arena, SPACE_TAG, tag_of_kind(arena, msg->kind));
	add_token(out, arena, SPACE_TAG, tag_of_channel(arena, msg->channel_id));
	if (msg->kind != KIND_NOTE)
		add_token(out, arena, SPACE_TAG,
			msg->author_kind == ACTOR_CONTACT ? S("in") : S("out"));
	if (msg->author_kind == ACTOR_PERSON)
		add_token(out, arena, SPACE_TAG, tag_of_author(arena, msg->author_id));
}

enum err search_tags_of(struct job *job, const struct message *msg, str *text)
{
	struct tokens *tokens;

	TRY(tokens_new(job, &tokens));
	add_tags(tokens, job->arena, msg);
	*text = tokens_text(tokens, job->arena);
	return OK;
}

enum err search_tokens_of(struct job *job, const struct message *msg, str *text)
{
	struct words words = { 0 };
	struct tokens *tokens;

	*text = S("");
	words_of_message(job->arena, msg, &words);
	TRY(tokens_new(job, &tokens));
	add_tags(tokens, job->arena, msg);
	add_conversation(tokens, job->arena, msg->conversation_id);
	add_beginnings(tokens, job->arena, SPACE_MESSAGE, &words);
	*text = tokens_text(tokens, job->arena);
	return OK;
}

enum err search_tokens_of_names(struct job *job, const str *texts, size_t count, str *text)
{
	struct words words = { 0 };
	struct tokens *tokens;

	*text = S("");
	for (size_t i = 0; i < count; i++)
		words_add(job->arena, &words, texts[i]);
	if (!words.count)
		return OK;
	TRY(tokens_new(job, &tokens));
	add_beginnings(tokens, job->arena, SPACE_NAME, &words);
	*text = tokens_text(tokens, job->arena);
	return OK;
}

/* Words first give way: a hit is compared with all of them anyway. */
enum err search_tokens_of_query(struct job *job, const struct query_tokens *query, str *text)
{
	size_t max = SEARCH_WORDS_MAX - query->tags.count - 1;
	struct tokens *tokens;

	*text = S("");
	if (!query->words->count && !query->tags.count)
		return OK;
	TRY(tokens_new(job, &tokens));
	for (size_t i = 0; i < query->words->count && tokens->count < max; i++)
		add_token(tokens, job->arena, query->space,
			str_first_points(query->words->items[i], SEARCH_PREFIX_MAX));
	for (size_t i = 0; i < query->tags.count; i++)
		add_token(tokens, job->arena, SPACE_TAG, query->tags.items[i]);
	if (query->conversation)
		add_conversation(tokens, job->arena, query->conversation);
	*text = tokens_text(tokens, job->arena);
	return OK;
}
