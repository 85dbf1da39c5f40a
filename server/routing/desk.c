/* desk.c: see desk.h. Lists are short (agents and teams of one workspace), so they are walked. */
#include "routing/desk.h"

static const char *const mode_names[ROUTING_MODES] = {
	[ROUTING_MANUAL] = "manual",
	[ROUTING_ROUND_ROBIN] = "round_robin",
	[ROUTING_LEAST_BUSY] = "least_busy",
};

const char *routing_mode_name(enum routing_mode mode)
{
	return (unsigned)mode < ROUTING_MODES ? mode_names[mode] : mode_names[ROUTING_MANUAL];
}

bool routing_mode_parse(str name, enum routing_mode *out)
{
	for (size_t i = 0; i < ROUTING_MODES; i++) {
		if (str_is(name, str_of(mode_names[i]))) {
			*out = (enum routing_mode)i;
			return true;
		}
	}
	return false;
}

bool desk_before(const struct desk_waiting *a, const struct desk_waiting *b)
{
	if (a->priority != b->priority)
		return a->priority > b->priority;
	if (a->queued_ms != b->queued_ms)
		return a->queued_ms < b->queued_ms;
	return a->id < b->id;
}

struct desk_scope *desk_scope_find(const struct desk *desk, id64 team)
{
	for (size_t i = 0; i < desk->scope_count; i++)
		if (desk->scopes[i].team == team)
			return &desk->scopes[i];
	return NULL;
}

static struct desk_seat *seat_find(const struct desk_agent *agent, id64 team)
{
	for (size_t i = 0; i < agent->seat_count; i++)
		if (agent->seats[i].team == team)
			return &agent->seats[i];
	return NULL;
}

static struct desk_bound *bound_find(const struct desk_agent *agent, id64 channel)
{
	for (size_t i = 0; i < agent->bound_count; i++)
		if (agent->bounds[i].channel == channel)
			return &agent->bounds[i];
	return NULL;
}

static bool has_room(const struct desk_agent *agent)
{
	return agent->takes && agent->load < agent->capacity;
}

static bool answers(const struct desk_agent *agent, id64 channel)
{
	for (size_t i = 0; i < agent->channel_count; i++)
		if (agent->channels[i] == channel)
			return true;
	return agent->channel_count == 0;
}

static bool has_room_for(const struct desk_agent *agent, id64 channel)
{
	const struct desk_bound *bound = bound_find(agent, channel);

	return has_room(agent) && answers(agent, channel) &&
	       (!bound || bound->load < bound->capacity);
}

bool desk_has_room(const struct desk *desk)
{
	for (size_t i = 0; i < desk->agent_count; i++)
		if (has_room(&desk->agents[i]))
			return true;
	return false;
}

/* Whose turn is it rather? */
static bool is_better(enum routing_mode mode, const struct desk_agent *a,
	const struct desk_agent *b, id64 team)
{
	int64_t turn_a = seat_find(a, team)->turn, turn_b = seat_find(b, team)->turn;

	if (mode == ROUTING_LEAST_BUSY && a->load != b->load)
		return a->load < b->load;
	return turn_a != turn_b ? turn_a < turn_b : a->id < b->id;
}

static struct desk_agent *pick_wanted(const struct desk *desk, const struct desk_waiting *w)
{
	for (size_t i = 0; w->wanted && i < desk->agent_count; i++)
		if (desk->agents[i].id == w->wanted && has_room_for(&desk->agents[i], w->channel))
			return &desk->agents[i];
	return NULL;
}

struct desk_agent *desk_pick(const struct desk *desk, const struct desk_waiting *w)
{
	const struct desk_scope *scope = desk_scope_find(desk, w->team);
	struct desk_agent *best = pick_wanted(desk, w);

	if (best || !scope || scope->mode == ROUTING_MANUAL)
		return best;
	for (size_t i = 0; i < desk->agent_count; i++) {
		struct desk_agent *agent = &desk->agents[i];

		if (seat_find(agent, w->team) && has_room_for(agent, w->channel) &&
			(!best || is_better(scope->mode, agent, best, w->team)))
			best = agent;
	}
	return best;
}

void desk_give(struct desk *desk, struct desk_agent *agent, const struct desk_waiting *w)
{
	struct desk_scope *scope = desk_scope_find(desk, w->team);
	struct desk_seat *seat = seat_find(agent, w->team);
	struct desk_bound *bound = bound_find(agent, w->channel);

	agent->load++;
	if (bound)
		bound->load++;
	if (scope && seat)
		seat->turn = ++scope->turn;
}

size_t desk_run(struct desk *desk, const struct desk_waiting *queue, size_t count,
	struct desk_gift *out)
{
	size_t given = 0;

	for (size_t i = 0; i < count && desk_has_room(desk); i++) {
		struct desk_agent *agent = desk_pick(desk, &queue[i]);

		if (!agent)
			continue;
		desk_give(desk, agent, &queue[i]);
		out[given++] = (struct desk_gift){ queue[i].id, agent->id };
	}
	return given;
}
