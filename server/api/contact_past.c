/*
 * contact_past.c: what was with one person, over all channels: timeline, media, and all of it as a
 * file.
 *
 * Every row's id holds its time, so lists of many kinds are one list by their ids. A page takes a
 * few of each kind below the cursor, and goes on with the largest.
 */
#include "api/contact_json.h"
#include "api/handlers.h"
#include "api/message_json.h"

#include <stdlib.h>

#define CONVERSATIONS_MAX 100
#define ROUNDS_MAX 8
#define BATCH 100
#define LINKS_OF_MESSAGE_MAX 10
#define PERSON_MESSAGES_MAX 20000
#define PERSON_SIZE_MAX (128u << 20)

/* The conversations of a contact that the asker may see. */
static enum err visible_conversations(struct job *job, id64 contact, struct conversations *out)
{
	size_t kept = 0;

	TRY(conversation_of_contact(job, contact, out));
	for (size_t i = 0; i < out->count; i++)
		if (conversation_visible(job, &out->items[i]))
			out->items[kept++] = out->items[i];
	out->count = kept;
	return OK;
}

/* ---- the timeline ---- */

enum item_kind { ITEM_MESSAGE, ITEM_EVENT, ITEM_NOTE, ITEM_CONSENT, ITEM_MERGE, ITEM_IMPORT };

struct item {
	id64 id, conversation;
	enum item_kind kind;
	union {
		struct message message;
		struct conversation_event_row event;
		struct contact_note note;
		struct contact_consent_row consent;
		struct contact_merge_row merge;
		struct contact_import_mark_row import;
	};
};

struct timeline {
	struct job *job;
	id64 contact, before;
	size_t max;
	struct item *items;
	size_t count, cap;
};

static struct item *add(struct timeline *t, id64 id, enum item_kind kind)
{
	if (t->count == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 64;

		t->items = arena_grow(t->job->arena, t->items, t->cap * sizeof *t->items,
			cap * sizeof *t->items);
		t->cap = cap;
	}
	t->items[t->count] = (struct item){ .id = id, .kind = kind };
	return &t->items[t->count++];
}

static enum err add_conversation(struct timeline *t, id64 conversation)
{
	struct conversation_event_rows events;
	struct messages messages = { 0 };

	if (t->job->actor.permissions & PERMIT(MESSAGE_READ))
		TRY(message_before(t->job, conversation, t->before, t->max + 1, &messages));
	for (size_t i = 0; i < messages.count; i++)
		add(t, messages.items[i].id, ITEM_MESSAGE)->message = messages.items[i];
	TRY(sql_conversation_event_list(t->job,
		&(struct sql_conversation_event_list){ .conversation = conversation,
			.workspace = t->job->workspace,
			.before = t->before,
			.max = (int64_t)t->max + 1 },
		&events));
	for (size_t i = 0; i < events.count; i++) {
		struct item *item = add(t, events.items[i].id, ITEM_EVENT);

		item->event = events.items[i];
		item->conversation = conversation;
	}
	return OK;
}

static enum err add_notes(struct timeline *t)
{
	struct contact_consent_rows consents;
	struct contact_notes notes;

	TRY(contact_note_list(t->job, t->contact, t->before, t->max + 1, &notes));
	for (size_t i = 0; i < notes.count; i++)
		add(t, notes.items[i].id, ITEM_NOTE)->note = notes.items[i];
	TRY(sql_contact_consent_list(t->job,
		&(struct sql_contact_consent_list){ t->contact, t->job->workspace, t->before,
			(int64_t)t->max + 1 },
		&consents));
	for (size_t i = 0; i < consents.count; i++)
		add(t, consents.items[i].id, ITEM_CONSENT)->consent = consents.items[i];
	return OK;
}

static enum err add_marks(struct timeline *t)
{
	struct contact_import_mark_rows imports;
	struct contact_merge_rows merges;

	TRY(sql_contact_merge_list(t->job,
		&(struct sql_contact_merge_list){ t->contact, t->job->workspace }, &merges));
	for (size_t i = 0; i < merges.count; i++)
		if (merges.items[i].id < t->before)
			add(t, merges.items[i].id, ITEM_MERGE)->merge = merges.items[i];
	TRY(sql_contact_imports(t->job,
		&(struct sql_contact_imports){ t->contact, t->job->workspace, t->before },
		&imports));
	for (size_t i = 0; i < imports.count; i++)
		add(t, imports.items[i].import_id, ITEM_IMPORT)->import = imports.items[i];
	return OK;
}

static int latest_first(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return x->id < y->id ? 1 : x->id > y->id ? -1 : 0;
}

static const char *const event_names[] = { [ITEM_MESSAGE] = "message", [ITEM_EVENT] = "event",
	[ITEM_NOTE] = "note", [ITEM_CONSENT] = "consent", [ITEM_MERGE] = "merge",
	[ITEM_IMPORT] = "import" };

static void write_rest(struct job *job, struct buf *out, const struct item *item)
{
	switch (item->kind) {
	case ITEM_EVENT:
		json_put_id(out, "conversation_id", item->conversation);
		json_put(out, "what", item->event.kind);
		json_put_raw(out, "detail", item->event.detail);
		json_put_id(out, "actor_id", item->event.actor_id);
		break;
	case ITEM_NOTE:
		json_key(out, "note");
		note_write_json(out, &item->note);
		break;
	case ITEM_CONSENT:
		json_put(out, "what", item->consent.state);
		json_put(out, "source", item->consent.source);
		json_put(out, "by", item->consent.actor_name);
		break;
	case ITEM_MERGE:
		json_put_id(out, "merge_id", item->merge.id);
		json_put_ms(out, "undone_ms", item->merge.undone_ms);
		break;
	case ITEM_IMPORT:
		json_put_id(out, "import_id", item->import.import_id);
		json_put(out, "what", item->import.is_made ? S("made") : S("changed"));
		break;
	case ITEM_MESSAGE:
		break;
	}
	(void)job;
}

static enum err write_item(struct job *job, struct buf *out, const struct view *view,
	const struct item *item)
{
	json_open(out, '{');
	json_put_id(out, "id", item->id);
	json_put(out, "kind", str_of(event_names[item->kind]));
	json_put_int(out, "at_ms", item->kind == ITEM_MESSAGE ? message_time(&item->message)
							       : id64_ms(item->id));
	if (item->kind == ITEM_MESSAGE)
		TRY(message_write_json(job, out, "message", view, &item->message));
	else
		write_rest(job, out, item);
	json_close(out, '}');
	return OK;
}

static enum err write_items(struct timeline *t, struct buf *out, size_t count)
{
	struct message *messages = ARENA_ARRAY(t->job->arena, struct message, count);
	struct view_ask ask = { .messages.items = messages };
	struct view view;

	for (size_t i = 0; i < count; i++)
		if (t->items[i].kind == ITEM_MESSAGE)
			messages[ask.messages.count++] = t->items[i].message;
	TRY(view_load(t->job, &ask, &view));
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count; i++)
		TRY(write_item(t->job, out, &view, &t->items[i]));
	json_close(out, ']');
	return OK;
}

static enum err fill_timeline(struct timeline *t)
{
	struct conversations all;

	TRY(visible_conversations(t->job, t->contact, &all));
	for (size_t i = 0; i < all.count; i++)
		TRY(add_conversation(t, all.items[i].id));
	TRY(add_notes(t));
	TRY(add_marks(t));
	if (t->count)
		qsort(t->items, t->count, sizeof *t->items, latest_first);
	return OK;
}

enum err contact_timeline(struct job *job, const struct request *req, struct response *res)
{
	struct timeline t = { .job = job };
	struct buf *out = reply_json(res, 200);
	struct page page;
	size_t count;

	TRY(request_contact(job, req, &t.contact));
	TRY(page_read(job, req, "contact-timeline", &page));
	t.before = page.after.id ? page.after.id : INT64_MAX;
	t.max = page.limit;
	TRY(fill_timeline(&t));
	count = t.count < page.limit ? t.count : page.limit;
	json_open(out, '{');
	TRY(write_items(&t, out, count));
	TRY(page_write_next(job, out, &page,
		t.count > page.limit ? &(struct cursor){ .id = t.items[count - 1].id } : NULL));
	json_close(out, '}');
	return OK;
}

/* ---- pictures, documents, links ---- */

enum gallery { GALLERY_PICTURES, GALLERY_DOCUMENTS, GALLERY_LINKS };

struct gallery_page {
	struct job *job;
	enum gallery kind;
	struct conversations all;
	id64 before;
	size_t max;
	struct message *items;
	size_t count;
	bool has_more;
};

static int ids_down(const void *a, const void *b)
{
	id64 x = *(const id64 *)a, y = *(const id64 *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

/* The newest BATCH messages below `before` that may belong here, over all conversations. */
static enum err next_ids(struct gallery_page *g, id64 ids[BATCH], size_t *count)
{
	id64 *all = ARENA_ARRAY(g->job->arena, id64, g->all.count * BATCH + 1);
	size_t total = 0;

	for (size_t i = 0; i < g->all.count; i++) {
		struct contact_id_rows rows;
		id64 conv = g->all.items[i].id, ws = g->job->workspace;

		if (g->kind == GALLERY_LINKS)
			TRY(sql_contact_texts_before(g->job,
				&(struct sql_contact_texts_before){ conv, ws, g->before, BATCH },
				&rows));
		else
			TRY(sql_contact_media(g->job,
				&(struct sql_contact_media){ conv, ws, g->before, BATCH }, &rows));
		for (size_t k = 0; k < rows.count; k++)
			all[total++] = rows.items[k].id;
	}
	if (total)
		qsort(all, total, sizeof *all, ids_down);
	*count = total < BATCH ? total : BATCH;
	memcpy(ids, all, *count * sizeof *ids);
	return OK;
}

static bool is_link_start(str text, size_t at)
{
	str rest = str_part(text, at, text.len);

	return str_starts(rest, S("https://")) || str_starts(rest, S("http://"));
}

static str link_at(str text, size_t at)
{
	size_t end = at;

	while (end < text.len && (uint8_t)text.ptr[end] > ' ' && !strchr("<>\"'", text.ptr[end]))
		end++;
	while (end > at && strchr(".,;:!?)", text.ptr[end - 1]))
		end--;
	return str_part(text, at, end - at);
}

static str text_of(struct job *job, const struct message *msg)
{
	json content;
	str text;

	if (!msg->content.len || json_read(job->arena, msg->content, &content, NULL) != OK)
		return S("");
	text = json_text(json_field(content, "body"));
	return text.len ? text : json_text(json_field(content, "caption"));
}

static bool belongs(struct gallery_page *g, const struct message *msg)
{
	bool picture = msg->kind == KIND_IMAGE || msg->kind == KIND_VIDEO;
	str text;

	if (msg->deleted_ms)
		return false;
	if (g->kind == GALLERY_PICTURES)
		return picture;
	if (g->kind == GALLERY_DOCUMENTS)
		return !picture && msg->kind != KIND_STICKER;
	text = text_of(g->job, msg);
	for (size_t i = 0; i < text.len; i++)
		if (is_link_start(text, i))
			return true;
	return false;
}

static const struct message *with_id(const struct messages *all, id64 id)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].id == id)
			return &all->items[i];
	return NULL;
}

static enum err take_batch(struct gallery_page *g, bool *last)
{
	struct messages messages;
	id64 ids[BATCH];
	size_t count;

	TRY(next_ids(g, ids, &count));
	TRY(message_by_ids(g->job, ids, count, &messages));
	*last = count < BATCH;
	for (size_t i = 0; i < count; i++) {
		const struct message *msg = with_id(&messages, ids[i]);

		if (g->count == g->max) {
			g->has_more = true;
			return OK;
		}
		g->before = ids[i];
		if (msg && belongs(g, msg))
			g->items[g->count++] = *msg;
	}
	return OK;
}

static enum err fill_gallery(struct gallery_page *g)
{
	bool last = false;

	g->items = ARENA_ARRAY(g->job->arena, struct message, g->max);
	for (int i = 0; i < ROUNDS_MAX && !last && !g->has_more; i++)
		TRY(take_batch(g, &last));
	g->has_more |= !last;
	return OK;
}

static void write_links(struct job *job, struct buf *out, const struct message *msg)
{
	str text = text_of(job, msg);
	size_t count = 0;

	json_open_in(out, "links", '[');
	for (size_t i = 0; i < text.len && count < LINKS_OF_MESSAGE_MAX; i++) {
		str link;

		if (!is_link_start(text, i))
			continue;
		link = link_at(text, i);
		json_put(out, NULL, link);
		i += link.len;
		count++;
	}
	json_close(out, ']');
}

enum err contact_gallery(struct job *job, const struct request *req, struct response *res)
{
	static const char *const kinds[] = { "pictures", "documents", "links" };
	struct gallery_page g = { .job = job };
	struct buf *out = reply_json(res, 200);
	struct view_ask ask = { 0 };
	struct view view;
	struct page page;
	id64 contact;

	TRY(request_contact(job, req, &contact));
	g.kind = (enum gallery)request_query_word(job, req, "kind", kinds, COUNT_OF(kinds), 0);
	TRY(page_read(job, req, arena_printf(job->arena, "gallery:%d", (int)g.kind).ptr, &page));
	g.before = page.after.id ? page.after.id : INT64_MAX;
	g.max = page.limit;
	TRY(visible_conversations(job, contact, &g.all));
	TRY(fill_gallery(&g));
	ask.messages = (struct messages){ g.items, g.count };
	TRY(view_load(job, &ask, &view));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < g.count; i++) {
		json_open(out, '{');
		TRY(message_write_json(job, out, "message", &view, &g.items[i]));
		if (g.kind == GALLERY_LINKS)
			write_links(job, out, &g.items[i]);
		json_close(out, '}');
	}
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		g.has_more ? &(struct cursor){ .id = g.before } : NULL));
	json_close(out, '}');
	return OK;
}

/* ---- all of one person ---- */

static enum err write_thread(struct job *job, struct buf *out, const struct conversation *conv,
	int64_t *left)
{
	id64 after = 0;
	size_t count = BATCH;

	json_open_in(out, "messages", '[');
	while (count == BATCH && *left > 0) {
		struct view_ask ask = { 0 };
		struct view view;

		TRY(message_after(job, conv->id, after, BATCH, &ask.messages));
		count = ask.messages.count;
		if (!count)
			break;
		TRY(view_load(job, &ask, &view));
		for (size_t i = 0; i < count; i++)
			TRY(message_write_json(job, out, NULL, &view, &view.messages.items[i]));
		after = ask.messages.items[count - 1].id;
		*left -= (int64_t)count;
	}
	json_close(out, ']');
	json_put_bool(out, "complete", count < BATCH);
	return OK;
}

static enum err write_threads(struct job *job, struct buf *out, id64 contact)
{
	int64_t left = PERSON_MESSAGES_MAX;
	struct conversations all;

	TRY(visible_conversations(job, contact, &all));
	json_open_in(out, "conversations", '[');
	for (size_t i = 0; i < all.count; i++) {
		json_open(out, '{');
		json_put_id(out, "id", all.items[i].id);
		json_put_id(out, "channel_id", all.items[i].channel_id);
		json_put_int(out, "created_ms", all.items[i].created_ms);
		TRY(write_thread(job, out, &all.items[i], &left));
		json_close(out, '}');
	}
	json_close(out, ']');
	return OK;
}

static enum err write_beside(struct job *job, struct buf *out, id64 contact)
{
	struct contact_consent_rows consents;
	struct contact_notes notes;

	TRY(contact_note_list(job, contact, 0, 1000, &notes));
	json_open_in(out, "notes", '[');
	for (size_t i = 0; i < notes.count; i++)
		note_write_json(out, &notes.items[i]);
	json_close(out, ']');
	TRY(sql_contact_consent_list(job,
		&(struct sql_contact_consent_list){ contact, job->workspace, INT64_MAX, 1000 },
		&consents));
	json_open_in(out, "consent", '[');
	for (size_t i = 0; i < consents.count; i++) {
		json_open(out, '{');
		json_put(out, "state", consents.items[i].state);
		json_put(out, "source", consents.items[i].source);
		json_put_int(out, "at_ms", consents.items[i].at_ms);
		json_close(out, '}');
	}
	json_close(out, ']');
	return OK;
}

/* What somebody asks for who wants to know what we know of them. */
enum err contact_export_one(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out;
	struct contact contact;
	id64 id;

	TRY(request_contact(job, req, &id));
	TRY(contact_get(job, id, &contact));
	out = reply_json(res, 200);
	out->max = PERSON_SIZE_MAX;
	json_open(out, '{');
	json_key(out, "contact");
	TRY(contact_write_page(job, out, &contact));
	TRY(write_beside(job, out, contact.id));
	TRY(write_threads(job, out, contact.id));
	json_close(out, '}');
	response_header(res, S("Content-Disposition"), S("attachment; filename=\"contact.json\""));
	return OK;
}
