/* board.c: who has what now, for those who look after a team. */
#include "report/report.h"

#include "store/queries.h"

enum { PAGE = 250 };

static void next_due(const struct sla *sla, struct board_card *card)
{
	struct sla_due dues[SLA_KINDS];
	size_t count = sla_dues(sla, &card->conversation, dues);

	for (size_t i = 0; i < count; i++)
		if (!card->due.policy || dues[i].due_ms < card->due.due_ms)
			card->due = dues[i];
}

static void add_cards(struct job *job, const struct sla *sla, const struct conversations *list,
	struct board *board)
{
	for (size_t i = 0; i < list->count && board->card_count < BOARD_CARDS_MAX; i++) {
		struct board_card *card = &board->cards[board->card_count];

		if (!conversation_visible(job, &list->items[i]))
			continue;
		*card = (struct board_card){ .conversation = list->items[i] };
		next_due(sla, card);
		board->card_count++;
	}
}

/* Those of the unfinished that are not among the waiting ones already. */
static void leave_out_waiting(struct conversations *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (!list->items[i].waiting_since_ms)
			list->items[kept++] = list->items[i];
	list->count = kept;
}

static enum err load_cards(struct job *job, struct board *board)
{
	struct conversations waiting, others;
	struct sla sla;

	TRY(sla_load(job, &sla));
	board->cards = ARENA_ARRAY(job->arena, struct board_card, BOARD_CARDS_MAX);
	TRY(conversation_waiting_longest(job, PAGE, &waiting));
	TRY(conversation_unfinished(job, NULL, PAGE, &others));
	leave_out_waiting(&others);
	add_cards(job, &sla, &waiting, board);
	add_cards(job, &sla, &others, board);
	return OK;
}

/* Somebody with a scope has the figures of what they see. */
static void count_cards(struct job *job, struct board *board)
{
	struct board_load *loads = ARENA_ARRAY(job->arena, struct board_load, board->card_count);

	board->loads = loads;
	for (size_t i = 0; i < board->card_count; i++) {
		const struct conversation *conv = &board->cards[i].conversation;

		if (conv->status == CONVERSATION_OPEN)
			loads[board->load_count++] = (struct board_load){ conv->assignee_id,
				conv->team_id, 1, conv->waiting_since_ms > 0, conv->queued_ms > 0,
				conv->waiting_since_ms };
	}
}

enum err board_load(struct job *job, struct board *out)
{
	struct board_load_rows rows;
	struct board_load *loads;

	*out = (struct board){ 0 };
	TRY(load_cards(job, out));
	if (job->scope) {
		count_cards(job, out);
		return OK;
	}
	TRY(sql_board_loads(job, &(struct sql_board_loads){ job->workspace }, &rows));
	loads = ARENA_ARRAY(job->arena, struct board_load, rows.count);
	for (size_t i = 0; i < rows.count; i++)
		loads[i] = (struct board_load){ rows.items[i].assignee_id, rows.items[i].team_id,
			rows.items[i].open, rows.items[i].waiting, rows.items[i].queued,
			rows.items[i].oldest_ms };
	out->loads = loads;
	out->load_count = rows.count;
	return OK;
}
