/*
 * linked_socket.c: a number's connection and its timer; everything here is on the loop.
 *
 * The lane gives orders after its commits; what the socket says goes back as inputs, with the
 * number of its connection, so that the last words of an old one disturb no new one.
 */
#include "provider/linked/linked_internal.h"

#include "base/clock.h"

#define CONNECT_MS 20000
#define TICK_LATER_MS (24 * 3600 * 1000LL)

struct linked_socket {
	struct linked *n; /* with a reference */
	struct ws *ws;	  /* NULL: not open */
	uint32_t connection;
	bool is_over; /* nobody listens any more */
};

static void on_open(struct ws *ws, void *owner)
{
	struct linked_socket *socket = owner;

	if (socket->is_over) {
		ws_close(ws, 1000, S(""));
		return;
	}
	socket->ws = ws;
	ws_set_limits(ws, LINKED_FRAME_MAX, LINKED_FRAME_MAX);
	linked_put_kind(socket->n, INPUT_OPENED, socket->connection);
}

static void on_message(struct ws *ws, void *owner, bool is_text, bytes message)
{
	struct linked_socket *socket = owner;
	struct linked_input *input;

	(void)ws;
	if (is_text || socket->is_over)
		return;
	input = heap_alloc(sizeof *input + message.len);
	input->kind = INPUT_OCTETS;
	input->connection = socket->connection;
	input->len = message.len;
	if (message.len)
		memcpy(input->octets, message.ptr, message.len);
	linked_lock();
	linked_manager.figures.frames_in++;
	linked_unlock();
	linked_put(socket->n, input);
}

static void on_close(struct ws *ws, void *owner, int code, str reason)
{
	struct linked_socket *socket = owner;

	(void)ws, (void)code, (void)reason;
	if (!socket->is_over) {
		if (socket->n->socket == socket)
			socket->n->socket = NULL;
		linked_put_kind(socket->n, INPUT_CLOSED, socket->connection);
	}
	linked_drop(socket->n);
	heap_free(socket);
}

/* ws_connect() hands out its WebSocket when it is open; until then there is nothing to close, and
 * on_open closes it. */
static void leave(struct linked *n)
{
	struct linked_socket *socket = n->socket;

	n->socket = NULL;
	if (!socket)
		return;
	socket->is_over = true;
	if (socket->ws)
		ws_close(socket->ws, 1000, S(""));
}

static void open_socket(struct linked *n, const struct linked_order *order)
{
	static const struct ws_events events = { on_message, on_close, NULL };
	static const struct header headers[] = {
		{ S("Origin"), S("https://web.whatsapp.com") },
	};
	struct linked_socket *socket = HEAP_NEW(struct linked_socket);
	struct ws_client_config config = { .url = str_of(order->url),
		.headers = headers,
		.header_count = COUNT_OF(headers),
		.events = &events,
		.on_open = on_open,
		.owner = socket,
		.connect_timeout_ms = CONNECT_MS,
		.allow_private = order->allow_private,
		.proxy = str_of(order->proxy) };

	*socket = (struct linked_socket){ .n = linked_keep_reference(n),
		.connection = order->connection };
	n->socket = socket;
	if (ws_connect(linked_manager.host.loop, &config) == OK)
		return;
	n->socket = NULL;
	linked_put_kind(n, INPUT_CLOSED, order->connection);
	linked_drop(n);
	heap_free(socket);
}

static void send_pieces(struct linked *n, struct linked_order *order)
{
	struct linked_socket *socket = n->socket;
	struct linked_piece *next;

	for (struct linked_piece *piece = order->pieces; piece; piece = next) {
		next = piece->next;
		if (socket && socket->ws && socket->connection == order->frames_for)
			ws_send_binary(socket->ws, (bytes){ piece->octets, piece->len });
		heap_free(piece);
	}
}

/* ---- the timer ---- */

static void on_tick(void *arg)
{
	struct linked *n = arg;

	n->timer = NULL;
	linked_put_kind(n, INPUT_TICK, 0);
	linked_drop(n);
}

static void set_timer(struct linked *n, int64_t tick_ms)
{
	int64_t wait;

	if (n->timer) {
		loop_cancel(n->timer);
		n->timer = NULL;
		linked_drop(n);
	}
	if (tick_ms == INT64_MAX)
		return;
	wait = tick_ms - clock_monotonic_us() / 1000;
	if (wait > TICK_LATER_MS)
		wait = TICK_LATER_MS;
	linked_keep_reference(n);
	n->timer = loop_after(linked_manager.host.loop, wait > 0 ? wait : 0, on_tick, n);
}

void linked_leave(struct linked *n)
{
	set_timer(n, INT64_MAX);
	leave(n);
}

/* ---- at the start ---- */

#define BETWEEN_MS 20

struct starting {
	struct linked *n;
	int64_t wait_ms;
};

static void start_now(void *arg)
{
	struct linked *n = arg;

	linked_put_kind(n, INPUT_START, 0);
	linked_drop(n);
}

static void start_later(void *arg)
{
	struct starting *s = arg;

	(void)loop_after(linked_manager.host.loop, s->wait_ms, start_now, s->n);
	heap_free(s);
}

void linked_start_row(const struct linked_number_row *row, size_t which)
{
	struct starting *s = HEAP_NEW(struct starting);

	s->n = linked_take_row(row->channel, row->workspace);
	s->wait_ms = (int64_t)which * BETWEEN_MS % LINKED_SPREAD_MS;
	loop_post(linked_manager.host.loop, start_later, s);
}

/* ---- orders ---- */

static void obey(void *arg)
{
	struct linked_order *order = arg;
	struct linked *n = order->n;

	send_pieces(n, order);
	if (order->disconnect || order->connect)
		leave(n);
	if (order->tick_ms >= 0)
		set_timer(n, order->tick_ms);
	if (order->connect)
		open_socket(n, order);
	heap_free(order->url);
	heap_free(order->proxy);
	heap_free(order);
	linked_drop(n);
}

void linked_order_send(struct linked_order *order)
{
	loop_post(linked_manager.host.loop, obey, order);
}
