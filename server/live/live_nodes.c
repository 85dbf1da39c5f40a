/*
 * live_nodes.c: what nodes say to each other (live_said.h), and what each knows of the others.
 *
 * What a node has (a channel with so many subscribers, a member of a channel) is
 * a mark of it here; marks come and go by messages, all of them by a snapshot, and with their node.
 */
#include "live/live_nodes.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "live/live_bus.h"
#include "live/live_internal.h"
#include "live/live_outlet.h"
#include "live/live_said.h"
#include "live/live_stream.h"

enum { NODE_ID_SIZE = 8, MESSAGE_MAX = 4 << 20, MARK_NAME_MAX = 4096 };

struct mark {
	struct live_node node;   /* name: APP CHANNEL [USER], each ended by a NUL */
	str app, channel, user;  /* within the name */
	bool is_member;
	size_t subscribers;
	uint64_t snapshot;
};

struct peer {
	struct peer *next;
	str id;
	int64_t heard_us;
	uint64_t snapshot;       /* the number of the one under way */
	struct live_table marks;
};

struct live_nodes {
	struct live *live;
	struct live_stream *stream;
	struct live_bus *bus;
	void (*reload)(id64 workspace);
	char me[2 * NODE_ID_SIZE + 1];
	struct peer *peers;
	struct loop_timer *beat;
};

/* ---- saying ---- */

static bool say_above(struct live_nodes *nodes, const struct live_said *m, int64_t above)
{
	struct buf out = buf_heap(MESSAGE_MAX);
	bool sent;

	live_said_write(&out, str_of(nodes->me), m);
	sent = nodes->bus && !out.failed && live_bus_send(nodes->bus, buf_text(&out), above);
	buf_done(&out);
	return sent;
}

static bool say(struct live_nodes *nodes, enum live_word word, const str *fields, size_t count)
{
	struct live_said m = { .word = word, .count = count };

	if (count)
		memcpy(m.fields, fields, count * sizeof *fields);
	return say_above(nodes, &m, -1);
}

#define SAY(nodes, word, ...) \
	say(nodes, word, (str[]){ __VA_ARGS__ }, sizeof((str[]){ __VA_ARGS__ }) / sizeof(str))

/* ---- marks: what another node has ---- */

static str mark_name(struct buf *out, str app, str channel, str user)
{
	buf_str(out, app);
	buf_byte(out, 0);
	buf_str(out, channel);
	buf_byte(out, 0);
	buf_str(out, user);
	return buf_text(out);
}

static struct mark *mark_find(struct peer *peer, const struct live_said *m, str user)
{
	struct buf name = buf_heap(MARK_NAME_MAX);
	struct live_node *node = live_table_find(&peer->marks,
		mark_name(&name, m->fields[1], m->fields[2], user));

	buf_done(&name);
	return (struct mark *)node;
}

static struct mark *mark_add(struct peer *peer, const struct live_said *m, str user)
{
	struct buf name = buf_heap(MARK_NAME_MAX);
	struct mark *mark = HEAP_NEW(struct mark);
	const char *at;

	mark->node.name = live_heap_str(mark_name(&name, m->fields[1], m->fields[2], user));
	buf_done(&name);
	at = mark->node.name.ptr;
	mark->app = (str){ at, m->fields[1].len };
	mark->channel = (str){ at + mark->app.len + 1, m->fields[2].len };
	mark->user = (str){ mark->channel.ptr + mark->channel.len + 1, user.len };
	live_table_add(&peer->marks, &mark->node);
	return mark;
}

/* Of those who are there without `but`, the lowest one speaks for the dead. */
static bool we_speak(const struct live_nodes *nodes, const struct peer *but)
{
	for (const struct peer *p = nodes->peers; p; p = p->next)
		if (p != but && str_compare(p->id, str_of(nodes->me)) < 0)
			return false;
	return true;
}

/* No node has it any more. */
static bool is_gone(struct live_app *app, str channel_name, str user)
{
	struct live_channel *channel = live_channel_find(app, channel_name);

	return !channel || (user.ptr ? !live_table_find(&channel->members_by_id, user)
				     : live_channel_subs(channel) == 0);
}

/* They may come back elsewhere in a moment. */
static void tell_gone(struct live_nodes *nodes, struct live_app *app, const struct mark *mark)
{
	str user = mark->is_member ? mark->user : STR_NONE;

	if (is_gone(app, mark->channel, user))
		live_tell(nodes->live, app,
			&(struct live_news){
				.kind = mark->is_member ? LIVE_MEMBER_REMOVED : LIVE_VACATED,
				.channel = mark->channel,
				.user_id = user,
				.is_by_disconnect = true });
}

/* tell: its node does not tell webhooks itself. */
static void unmark(struct live_nodes *nodes, struct peer *peer, struct mark *mark, bool tell)
{
	struct live *live = nodes->live;
	struct live_app *app = live_app_of_key(live, mark->app);
	struct live_channel *channel = app ? live_channel_find(app, mark->channel) : NULL;

	live_table_remove(&peer->marks, &mark->node);
	if (channel && mark->is_member)
		live_member_gone_elsewhere(live, channel, mark->user);
	else if (channel)
		live_channel_elsewhere(live, channel, -1, -(ptrdiff_t)mark->subscribers);
	if (app && tell && we_speak(nodes, peer))
		tell_gone(nodes, app, mark);
	heap_free((char *)mark->node.name.ptr);
	heap_free(mark);
}

/* Those of an older snapshot; none: all. Members first: their channel is there as long as it has
 * subscribers. */
static void unmark_all(struct live_nodes *nodes, struct peer *peer, uint64_t but)
{
	for (int members = 1; members >= 0; members--) {
		for (size_t i = 0; i < peer->marks.size; i++) {
			for (struct live_node *n = peer->marks.buckets[i], *next; n; n = next) {
				struct mark *mark = (struct mark *)n;

				next = n->next;
				if (mark->is_member == (members == 1) &&
					(!but || mark->snapshot != but))
					unmark(nodes, peer, mark, !but);
			}
		}
	}
}

static void take_subscribed(struct live_nodes *nodes, struct peer *peer, const struct live_said *m)
{
	struct live_app *app = live_app_of_key(nodes->live, m->fields[1]);
	struct mark *mark = mark_find(peer, m, STR_NONE);
	int64_t count = 0;
	bool is_new = !mark;

	if (!app || !str_to_i64(m->fields[3], &count))
		return;
	if (count == 0 && mark)
		unmark(nodes, peer, mark, str_is(m->fields[4], BY_STOP));
	if (count == 0)
		return;
	if (is_new)
		mark = mark_add(peer, m, STR_NONE);
	live_channel_elsewhere(nodes->live,
		live_channel_get(nodes->live, app, m->fields[2]), is_new,
		(ptrdiff_t)count - (ptrdiff_t)mark->subscribers);
	mark->subscribers = (size_t)count;
	mark->snapshot = peer->snapshot;
	live_untell(nodes->live, app,
		&(struct live_news){ .kind = LIVE_OCCUPIED, .channel = m->fields[2] });
}

static void take_member(struct live_nodes *nodes, struct peer *peer, const struct live_said *m)
{
	struct live_app *app = live_app_of_key(nodes->live, m->fields[1]);
	struct mark *mark = mark_find(peer, m, m->fields[3]);

	if (!app)
		return;
	if (!mark) {
		mark = mark_add(peer, m, m->fields[3]);
		mark->is_member = true;
		live_member_elsewhere(nodes->live,
			live_channel_get(nodes->live, app, m->fields[2]),
			&(struct live_user){ m->fields[3], m->fields[4], m->fields[5] });
		live_untell(nodes->live, app,
			&(struct live_news){ .kind = LIVE_MEMBER_ADDED,
				.channel = m->fields[2],
				.user_id = m->fields[3] });
	}
	mark->snapshot = peer->snapshot;
}

static void take_gone(struct live_nodes *nodes, struct peer *peer, const struct live_said *m)
{
	struct mark *mark = mark_find(peer, m, m->fields[3]);

	if (mark)
		unmark(nodes, peer, mark, str_is(m->fields[4], BY_STOP));
}

/* ---- our own, come back in the order of all: webhooks are told by who made the change ---- */

static void tell_own(struct live_nodes *nodes, const struct live_said *m, struct live_news *news)
{
	struct live_app *app = live_app_of_key(nodes->live, m->fields[1]);
	struct live_channel *channel = app ? live_channel_find(app, m->fields[2]) : NULL;
	const struct live_member *member = NULL;

	if (channel && news->user_id.ptr)
		member = (struct live_member *)live_table_find(&channel->members_by_id,
			news->user_id);
	if (!app || (news->user_id.ptr ? member && member->elsewhere
				       : channel && channel->elsewhere))
		return;
	news->channel = m->fields[2];
	live_tell(nodes->live, app, news);
}

static void take_own(struct live_nodes *nodes, const struct live_said *m)
{
	struct live_news news = { LIVE_VACATED };
	str how = m->fields[m->word == LIVE_SAID_MEMBER ? 6 : 4];

	news.is_by_disconnect = str_is(how, BY_DISCONNECT);
	if (!news.is_by_disconnect && !str_is(how, CHANGED))
		return;
	if (m->word != LIVE_SAID_SUBSCRIBED)
		news.user_id = m->fields[3];
	if (m->word == LIVE_SAID_SUBSCRIBED && !str_is(m->fields[3], S("0")))
		news.kind = LIVE_OCCUPIED;
	else if (m->word == LIVE_SAID_MEMBER)
		news.kind = LIVE_MEMBER_ADDED;
	else if (m->word == LIVE_SAID_GONE)
		news.kind = LIVE_MEMBER_REMOVED;
	else if (m->word != LIVE_SAID_SUBSCRIBED)
		return;
	tell_own(nodes, m, &news);
}

/* ---- snapshots: what we have ---- */

static bool say_subscribed(struct live_nodes *nodes, struct live_channel *channel, str how)
{
	char count[24];
	struct buf text = { .ptr = (uint8_t *)count, .cap = sizeof count, .max = sizeof count };

	buf_i64(&text, (int64_t)channel->sub_count);
	channel->count_said = channel->sub_count;
	return SAY(nodes, LIVE_SAID_SUBSCRIBED, channel->app->node.name, channel->node.name,
		buf_text(&text), how);
}

static bool say_member(struct live_nodes *nodes, const struct live_channel *channel,
	const struct live_user *user, str how)
{
	return SAY(nodes, LIVE_SAID_MEMBER, channel->app->node.name, channel->node.name, user->id,
		user->id_raw, user->info_raw, how);
}

static void say_channel(struct live_nodes *nodes, struct live_channel *channel)
{
	if (channel->sub_count == 0)
		return;
	(void)say_subscribed(nodes, channel, NO_CHANGE);
	for (const struct live_member *m = channel->members; m; m = m->next)
		if (m->connections > 0)
			(void)say_member(nodes, channel, &m->user, NO_CHANGE);
}

static void each_channel(struct live_nodes *nodes,
	void (*work)(struct live_nodes *nodes, struct live_channel *channel))
{
	for (struct live_app *app = nodes->live->all_apps; app; app = app->next)
		for (size_t i = 0; i < app->channels.size; i++)
			for (struct live_node *n = app->channels.buckets[i]; n; n = n->next)
				work(nodes, (struct live_channel *)n);
}

static void say_all(struct live_nodes *nodes)
{
	say(nodes, LIVE_SAID_BEGIN, NULL, 0);
	each_channel(nodes, say_channel);
	say(nodes, LIVE_SAID_END, NULL, 0);
}

/* ---- what is heard, on the loop ---- */

static struct peer *peer_get(struct live_nodes *nodes, str id)
{
	struct peer *peer = nodes->peers;

	while (peer && !str_is(peer->id, id))
		peer = peer->next;
	if (!peer) {
		peer = HEAP_NEW(struct peer);
		peer->id = live_heap_str(id);
		peer->next = nodes->peers;
		nodes->peers = peer;
		SAY(nodes, LIVE_SAID_ASK, id);
	}
	peer->heard_us = clock_monotonic_us();
	return peer;
}

static void peer_drop(struct live_nodes *nodes, struct peer *peer)
{
	struct peer **at = &nodes->peers;

	while (*at != peer)
		at = &(*at)->next;
	*at = peer->next;
	unmark_all(nodes, peer, 0);
	live_table_done(&peer->marks);
	heap_free((char *)peer->id.ptr);
	heap_free(peer);
}

static void take_client(struct live *live, const struct live_said *m)
{
	struct live_app *app = live_app_of_key(live, m->fields[1]);
	struct live_channel *channel = app ? live_channel_find(app, m->fields[2]) : NULL;
	struct ws_frame *frame;

	if (!channel)
		return;
	frame = ws_frame_create(m->fields[3]);
	live_channel_send(live, channel, frame, 0);
	ws_frame_drop(frame);
}

static void take_terminate(struct live *live, const struct live_said *m)
{
	struct live_app *app = live_app_of_key(live, m->fields[1]);

	if (app)
		live_user_terminate(app, m->fields[2]);
}

static void take(struct live_nodes *nodes, const struct live_said *m)
{
	struct peer *peer;

	if (str_is(m->fields[0], str_of(nodes->me))) {
		take_own(nodes, m);
		return;
	}
	peer = peer_get(nodes, m->fields[0]);
	switch (m->word) {
	case LIVE_SAID_CLIENT:
		take_client(nodes->live, m);
		break;
	case LIVE_SAID_TERMINATE:
		take_terminate(nodes->live, m);
		break;
	case LIVE_SAID_SUBSCRIBED:
		take_subscribed(nodes, peer, m);
		break;
	case LIVE_SAID_MEMBER:
		take_member(nodes, peer, m);
		break;
	case LIVE_SAID_GONE:
		take_gone(nodes, peer, m);
		break;
	case LIVE_SAID_ASK:
		if (!m->fields[1].len || str_is(m->fields[1], str_of(nodes->me)))
			say_all(nodes);
		break;
	case LIVE_SAID_BEGIN:
		peer->snapshot++;
		break;
	case LIVE_SAID_END:
		unmark_all(nodes, peer, peer->snapshot);
		break;
	case LIVE_SAID_BYE:
		peer_drop(nodes, peer);
		break;
	default:
		break; /* a beat, or a word of a newer version */
	}
}

struct heard { struct live_nodes *nodes; size_t len; char text[]; };

static void on_heard(void *arg)
{
	struct heard *heard = arg;
	struct live_said m;

	if (heard->nodes->live->nodes && live_said_read((str){ heard->text, heard->len }, &m)) {
		live_enter(heard->nodes->live);
		take(heard->nodes, &m);
		live_exit(heard->nodes->live);
	}
	heap_free(heard);
}

static void to_loop(struct live_nodes *nodes, str text)
{
	struct heard *heard = heap_alloc(sizeof *heard + text.len);

	heard->nodes = nodes;
	heard->len = text.len;
	memcpy(heard->text, text.ptr, text.len);
	loop_post(nodes->live->loop, on_heard, heard);
}

/* ---- what is heard, on the bus's thread: what goes to listeners keeps its order so ---- */

static void take_told(struct live_nodes *nodes, int64_t number, const struct live_said *m,
	bool mine)
{
	int64_t version = 1;

	(void)str_to_i64(m->fields[5], &version);
	live_stream_deliver(nodes->stream,
		&(struct live_told){ m->fields[1], m->fields[2], m->fields[3], m->fields[4],
			(int)version },
		number, mine);
}

static void on_message(void *arg, int64_t number, str text)
{
	struct live_nodes *nodes = arg;
	struct live_said m;
	id64 workspace;
	bool mine;

	if (!live_said_read(text, &m))
		return;
	mine = str_is(m.fields[0], str_of(nodes->me));
	if (m.word == LIVE_SAID_TOLD && m.count == 6)
		take_told(nodes, number, &m, mine);
	else if (m.word == LIVE_SAID_PUBLISH && m.count == 6)
		live_publish_here(nodes->live, m.fields[1],
			&(struct live_event){ m.fields[2], m.fields[3], m.fields[4], m.fields[5] });
	else if (mine && m.word != LIVE_SAID_SUBSCRIBED && m.word != LIVE_SAID_MEMBER &&
		 m.word != LIVE_SAID_GONE)
		return;
	else if (m.word == LIVE_SAID_ORDER && m.count == 5)
		live_order_here(nodes->live, m.fields[1], &m.fields[2]);
	else if (m.word == LIVE_SAID_FORGET && m.count == 2)
		live_stream_forget_here(nodes->stream, m.fields[1]);
	else if (m.word == LIVE_SAID_RELOAD && id64_parse(m.fields[1], &workspace))
		nodes->reload(workspace);
	else
		to_loop(nodes, text);
}

/* ---- up and down ---- */

/* What was said while the bus was down is lost: they ask. */
static void tell_missed(struct live_nodes *nodes, struct live_channel *channel)
{
	struct ws_frame *frame;

	if (channel->sub_count == 0 || channel->kind != LIVE_PRIVATE)
		return;
	frame = live_event_frame(
		&(struct live_event){ channel->node.name, S(LIVE_MISSED_EVENT), S("{}") });
	live_channel_send(nodes->live, channel, frame, 0);
	ws_frame_drop(frame);
}

static void on_up(void *arg)
{
	struct live_nodes *nodes = arg;

	if (!nodes->live->nodes)
		return;
	live_enter(nodes->live);
	say_all(nodes);
	SAY(nodes, LIVE_SAID_ASK, STR_NONE);
	each_channel(nodes, tell_missed);
	live_exit(nodes->live);
}

static void turned(void *arg, bool is_up)
{
	struct live_nodes *nodes = arg;

	live_stream_forget_here(nodes->stream, STR_NONE);
	if (is_up)
		loop_post(nodes->live->loop, on_up, nodes);
}

/* ---- the beat ---- */

static void say_changed_count(struct live_nodes *nodes, struct live_channel *channel)
{
	if (channel->sub_count && channel->count_said != channel->sub_count)
		(void)say_subscribed(nodes, channel, NO_CHANGE);
}

static void drop_dead(struct live_nodes *nodes)
{
	int64_t now_us = clock_monotonic_us();

	for (struct peer *p = nodes->peers, *next; p; p = next) {
		next = p->next;
		if (now_us - p->heard_us < LIVE_NODE_DEAD_MS * 1000)
			continue;
		log_warn("live: a node is silent; those who were there are gone");
		peer_drop(nodes, p);
	}
}

static void beat(void *arg)
{
	struct live_nodes *nodes = arg;

	nodes->beat = loop_after(nodes->live->loop, LIVE_NODE_BEAT_MS, beat, nodes);
	say(nodes, LIVE_SAID_BEAT, NULL, 0);
	live_enter(nodes->live);
	each_channel(nodes, say_changed_count);
	drop_dead(nodes);
	live_exit(nodes->live);
}

/* ---- what the hub asks of us ---- */

bool live_nodes_publish(struct live *live, str app_key, const struct live_event *event)
{
	return live->nodes && SAY(live->nodes, LIVE_SAID_PUBLISH, app_key, event->channel,
				      event->name, event->data, event->except);
}

bool live_nodes_tell(struct live *live, const struct live_told *told, int64_t above)
{
	const char version = (char)('0' + told->version % 10);
	const struct live_said m = { LIVE_SAID_TOLD,
		{ told->app_key, told->channel, told->name, told->data, { &version, 1 } }, 5 };

	return live->nodes && say_above(live->nodes, &m, above);
}

void live_nodes_forget(struct live *live, str app_key)
{
	if (live->nodes)
		SAY(live->nodes, LIVE_SAID_FORGET, app_key);
}

void live_nodes_order(struct live *live, str which, const str texts[3])
{
	if (live->nodes)
		SAY(live->nodes, LIVE_SAID_ORDER, which, texts[0], texts[1], texts[2]);
}

void live_nodes_client(struct live *live, const struct live_channel *channel, str frame)
{
	if (live->nodes)
		SAY(live->nodes, LIVE_SAID_CLIENT, channel->app->node.name, channel->node.name,
			frame);
}

void live_nodes_terminate(struct live *live, const struct live_app *app, str user_id)
{
	if (live->nodes)
		SAY(live->nodes, LIVE_SAID_TERMINATE, app->node.name, user_id);
}

static str how_left(const struct live *live, bool by_disconnect)
{
	return live->draining ? BY_STOP : by_disconnect ? BY_DISCONNECT : CHANGED;
}

bool live_nodes_came(struct live *live, struct live_channel *channel)
{
	return live->nodes && say_subscribed(live->nodes, channel, CHANGED);
}

bool live_nodes_left(struct live *live, struct live_channel *channel, bool by_disconnect)
{
	return live->nodes &&
	       say_subscribed(live->nodes, channel, how_left(live, by_disconnect));
}

bool live_nodes_member_came(struct live *live, const struct live_channel *channel,
	const struct live_user *user)
{
	return live->nodes && say_member(live->nodes, channel, user, CHANGED);
}

bool live_nodes_member_left(struct live *live, const struct live_channel *channel,
	const struct live_user *user, bool by_disconnect)
{
	return live->nodes && SAY(live->nodes, LIVE_SAID_GONE, channel->app->node.name,
				      channel->node.name, user->id, how_left(live, by_disconnect));
}

bool live_nodes_are_up(struct live *live)
{
	return live->nodes && live->nodes->bus && live_bus_is_up(live->nodes->bus);
}

void live_nodes_reload(struct live *live, id64 workspace)
{
	char text[24];
	struct buf id = { .ptr = (uint8_t *)text, .cap = sizeof text, .max = sizeof text };

	buf_i64(&id, workspace);
	if (live->nodes)
		SAY(live->nodes, LIVE_SAID_RELOAD, buf_text(&id));
}

/* ---- the life ---- */

enum err live_nodes_start(struct live *live, const struct live_nodes_config *config, str *why)
{
	struct live_nodes *nodes = HEAP_NEW(struct live_nodes);
	uint8_t random[NODE_ID_SIZE];
	struct buf id = { .ptr = (uint8_t *)nodes->me, .cap = sizeof nodes->me,
		.max = sizeof nodes->me };

	*nodes = (struct live_nodes){ .live = live, .stream = config->stream,
		.reload = config->reload };
	crypto_random(random, sizeof random);
	hex_write(&id, (bytes){ random, sizeof random });
	live->nodes = nodes;
	nodes->beat = loop_after(live->loop, LIVE_NODE_BEAT_MS, beat, nodes);
	if (live_bus_open(&(struct live_bus_config){ config->url, on_message, turned,
				 nodes },
		    &nodes->bus, why) == OK)
		return OK;
	live_nodes_end(live);
	return ERR_INPUT;
}

void live_nodes_stop(struct live *live)
{
	struct live_nodes *nodes = live->nodes;

	if (!nodes || !nodes->bus)
		return;
	say(nodes, LIVE_SAID_BYE, NULL, 0);
	live_bus_close(nodes->bus);
	nodes->bus = NULL;
}

void live_nodes_end(struct live *live)
{
	struct live_nodes *nodes = live->nodes;

	if (!nodes)
		return;
	live_nodes_stop(live);
	live_enter(live);
	while (nodes->peers)
		peer_drop(nodes, nodes->peers);
	live_exit(live);
	live->nodes = NULL;
	loop_cancel(nodes->beat);
	heap_free(nodes);
}
