/*
 * rule.h: what a routing rule looks at, and what it wants done. Pure: no store, no clock.
 *
 * Conditions are a JSON object; every condition that is there must hold, and of its list one entry
 * is enough. Without conditions a rule takes everything.
 *
 *	{"keywords":["refund","money back"],   whole words of the first message, any case
 *	 "channel_ids":["1"],                  it came in there
 *	 "languages":["id"],                   spoken where the customer's number is from
 *	 "label_ids":["1"],                    on the conversation or its contact
 *	 "sources":["ad","instagram.com"]}     a part of where the customer came from
 *
 * Actions: {"team_id","agent_id","priority":"high","label_ids":["1"]}, any of them.
 */
#ifndef ROUTING_RULE_H
#define ROUTING_RULE_H

#include "base/json.h"
#include "inbox/inbox.h"

enum {
	RULE_LIST_MAX = 50,   /* entries of one condition */
	RULE_ENTRY_MAX = 200, /* code points of one */
	RULE_LABELS_MAX = 10  /* that a rule puts on */
};

enum rule_condition {
	RULE_KEYWORDS,
	RULE_CHANNELS,
	RULE_LANGUAGES,
	RULE_LABELS,
	RULE_SOURCES,
	RULE_CONDITIONS
};
/* "keywords", "channel_ids" … */
const char *rule_condition_name(enum rule_condition condition);

/* What is known of a new conversation. */
struct rule_facts {
	struct text_words words; /* of the customer's first message */
	id64 channel;
	str language; /* "id"; or none */
	const id64 *labels;
	size_t label_count;
	const str *sources;
	size_t source_count;
};

/* One condition of a rule, looked at. found: the entry that held; or none. */
struct rule_check {
	bool is_asked, holds;
	str found;
};

/* Whether all hold; checks has RULE_CONDITIONS places. What does not read as conditions matches
 * nothing. */
bool rule_match(struct arena *arena, json conditions, const struct rule_facts *facts,
	struct rule_check *checks);
/* The words of the keyword stand next to each other. */
bool rule_has_keyword(struct arena *arena, const struct text_words *words, str keyword);

struct rule_actions {
	id64 team, agent;
	int priority; /* enum conversation_priority, or -1: as it is */
	id64 labels[RULE_LABELS_MAX];
	size_t label_count;
};

/* Notes what is wrong as field errors "conditions.…" and "actions.…". */
void rule_check_conditions(struct job *job, json conditions);
void rule_read_actions(struct job *job, json actions, struct rule_actions *out);

/* The language most spoken where a region is: "ID" → "id"; none when unknown. */
str language_of_region(struct arena *arena, str region);

#endif
