/*
 * handlers.h: the handlers that routes.c names, a file per resource.
 */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

#include "api/api.h"

#define HANDLER(name) \
	enum err name(struct job *job, const struct request *req, struct response *res)

/* session.c */
HANDLER(session_post);
HANDLER(session_get);
HANDLER(session_patch);
HANDLER(session_delete);

/* security.c: the second factor and the sessions of people */
HANDLER(second_factor_post);
HANDLER(second_factor_confirm_post);
HANDLER(second_factor_disable_post);
HANDLER(recovery_codes_post);
HANDLER(sessions_list);
HANDLER(sessions_delete_others);
HANDLER(sessions_delete);
HANDLER(people_sessions_list);
HANDLER(people_sessions_delete_all);
HANDLER(people_sessions_delete);
HANDLER(people_second_factor_delete);
HANDLER(people_unlock);

/* roles.c, invitations.c */
HANDLER(roles_list);
HANDLER(roles_post);
HANDLER(roles_patch);
HANDLER(roles_delete);
HANDLER(invitations_list);
HANDLER(invitations_post);
HANDLER(invitations_delete);
HANDLER(invitations_look);
HANDLER(invitations_accept);

/* workspace.c, people.c, api_keys.c, audit.c */
HANDLER(workspace_read);
HANDLER(workspace_patch);
HANDLER(people_list);
HANDLER(people_post);
HANDLER(people_patch);
HANDLER(api_keys_list);
HANDLER(api_keys_post);
HANDLER(api_keys_delete);
HANDLER(audit_list);
HANDLER(audit_check);
HANDLER(audit_export);

/* graph*.c: the Graph-shaped API */
HANDLER(graph_messages_post);
HANDLER(graph_media_post);
HANDLER(graph_content_get);
HANDLER(graph_uploads_post);
HANDLER(graph_numbers_get);
HANDLER(graph_profile_get);
HANDLER(graph_profile_post);
HANDLER(graph_block_get);
HANDLER(graph_block_post);
HANDLER(graph_block_delete);
HANDLER(graph_templates_get);
HANDLER(graph_templates_post);
HANDLER(graph_templates_delete);
HANDLER(graph_subscribed_get);
HANDLER(graph_subscribed_post);
HANDLER(graph_subscribed_delete);
HANDLER(graph_named_get);
HANDLER(graph_named_post);
HANDLER(graph_named_delete);
HANDLER(graph_me_get);
HANDLER(graph_app_get);
HANDLER(graph_debug_token_get);
HANDLER(graph_missing);

/* features.c */
HANDLER(features_list);
HANDLER(features_patch);
HANDLER(maintenance_read);
HANDLER(maintenance_patch);

/* realtime.c */
HANDLER(realtime_read);
HANDLER(realtime_put);
HANDLER(realtime_try);
HANDLER(realtime_events);
HANDLER(realtime_emit);
HANDLER(realtime_missed);

/* webhooks.c */
HANDLER(webhooks_list);
HANDLER(webhooks_post);
HANDLER(webhooks_get);
HANDLER(webhooks_patch);
HANDLER(webhooks_delete);
HANDLER(webhooks_rotate);
HANDLER(webhooks_test);
HANDLER(webhooks_deliveries);
HANDLER(webhooks_delivery);
HANDLER(webhooks_resend);
HANDLER(webhooks_resend_dead);
HANDLER(webhooks_replay);

/* channels.c, channel_proof.c, templates.c */
HANDLER(channels_list);
HANDLER(channels_post);
HANDLER(channels_get);
HANDLER(channels_patch);
HANDLER(channels_delete);
HANDLER(channels_test);
HANDLER(channels_webhook);
HANDLER(channels_sample);
HANDLER(samples_list);
HANDLER(events_trace);
HANDLER(channels_profile);
HANDLER(channels_profile_patch);
HANDLER(flow_endpoint_read);
HANDLER(flow_endpoint_write);
HANDLER(flow_endpoint_remove);
HANDLER(flow_endpoint_call);
HANDLER(channels_management_list);
HANDLER(channels_management_call);
HANDLER(channels_subscribe);
HANDLER(channels_refresh);
/* costs.c */
HANDLER(channels_limits);
HANDLER(channels_pace);
HANDLER(channels_pace_patch);
HANDLER(channels_pace_pause);
HANDLER(channels_pace_resume);
HANDLER(price_estimate_get);
HANDLER(prices_get);
HANDLER(reports_costs);
HANDLER(channels_sync_templates);
HANDLER(templates_list);
HANDLER(templates_post);
HANDLER(templates_get);
HANDLER(templates_patch);
HANDLER(templates_delete);
HANDLER(templates_submit);
HANDLER(templates_check);
HANDLER(templates_versions);
HANDLER(templates_add_version);
HANDLER(templates_history);
HANDLER(templates_usage);
HANDLER(template_settings_get);
HANDLER(template_settings_patch);

/* live_apps.c */
HANDLER(live_apps_list);
HANDLER(live_apps_post);
HANDLER(live_apps_get);
HANDLER(live_apps_patch);
HANDLER(live_apps_delete);
HANDLER(live_apps_rotate);

/* media.c, broadcasting.c */
HANDLER(media_post);
HANDLER(media_bytes_get);
HANDLER(media_retry_post);
HANDLER(media_voice_post);
HANDLER(broadcasting_auth);
HANDLER(broadcasting_user_auth);

/* numbers.c */
HANDLER(numbers_list);
HANDLER(numbers_route_get);
HANDLER(numbers_route_put);
HANDLER(numbers_override_put);
HANDLER(numbers_override_delete);
HANDLER(numbers_history);
HANDLER(messages_route);

/* linked.c, linked_admin.c */
HANDLER(linked_numbers_list);
HANDLER(linked_numbers_post);
HANDLER(linked_numbers_get);
HANDLER(linked_numbers_delete);
HANDLER(linked_numbers_bulk);
HANDLER(linked_numbers_pairing);
HANDLER(linked_numbers_pair);
HANDLER(linked_numbers_repair);
HANDLER(linked_numbers_renew);
HANDLER(linked_numbers_stop);
HANDLER(linked_numbers_reconnect);
HANDLER(linked_numbers_log_out);
HANDLER(linked_numbers_primary);
HANDLER(linked_numbers_keep);
HANDLER(linked_numbers_history);
HANDLER(linked_sync_show);
HANDLER(linked_sync_again_post);
HANDLER(linked_sync_skip_post);
HANDLER(linked_numbers_diagnose);
HANDLER(linked_numbers_export);
HANDLER(linked_numbers_import);
HANDLER(admin_linked_list);
HANDLER(admin_linked_csv);
HANDLER(admin_linked_bulk);
HANDLER(admin_linked_limit);
HANDLER(admin_linked_version);
HANDLER(admin_linked_version_put);
HANDLER(admin_linked_version_back);

/* reports.c */
HANDLER(reports_board);
HANDLER(reports_agents);
HANDLER(reports_traffic);
HANDLER(business_hours_read);
HANDLER(business_hours_put);
HANDLER(sla_policies_list);
HANDLER(sla_policies_put);

/* contacts.c, contact_parts.c */
HANDLER(contacts_post);
HANDLER(contacts_delete);
HANDLER(contacts_block);
HANDLER(contacts_unblock);
HANDLER(contacts_merge);
HANDLER(contact_attributes_list);
HANDLER(contact_attributes_post);
HANDLER(contact_attributes_patch);
HANDLER(contact_attributes_delete);
HANDLER(contact_notes_list);
HANDLER(contact_notes_post);
HANDLER(contact_notes_patch);
HANDLER(contact_notes_delete);
HANDLER(contact_consent_get);
HANDLER(contact_consent_post);
HANDLER(contact_merges_list);
HANDLER(contact_merges_undo);
HANDLER(contact_doubles_get);
HANDLER(contact_groups_get);
/* contact_files.c, contact_past.c */
HANDLER(contacts_csv);
HANDLER(contact_imports_post);
HANDLER(contact_imports_list);
HANDLER(contact_imports_get);
HANDLER(contact_imports_check);
HANDLER(contact_imports_run);
HANDLER(contact_imports_undo);
HANDLER(contact_imports_cancel);
HANDLER(contact_imports_sample);
HANDLER(contact_imports_problems);
HANDLER(contact_exports_post);
HANDLER(contact_exports_list);
HANDLER(contact_exports_get);
HANDLER(contact_exports_file);
HANDLER(contact_timeline);
/* contact_face.c */
HANDLER(contact_whatsapp);
HANDLER(contact_picture);
HANDLER(contact_members);
HANDLER(contact_gallery);
HANDLER(contact_export_one);
struct contact_filter;
enum err contact_filter_read(struct job *job, const struct request *req,
	struct contact_filter *out);
/* The id in the path, of a contact whom the asker may see. */
enum err request_contact(struct job *job, const struct request *req, id64 *out);
/* ERR_DENIED for who sees a part of the inbox only. */
enum err needs_whole_inbox(struct job *job, str next_step, const char *why);

/* contacts.c, conversations.c, messages.c, trace.c, search.c */
HANDLER(contacts_list);
HANDLER(contacts_get);
HANDLER(contacts_patch);
HANDLER(conversations_list);
HANDLER(conversations_get);
HANDLER(conversations_patch);
HANDLER(conversations_counts);
HANDLER(conversations_bulk);
HANDLER(conversations_events);
HANDLER(conversations_labels);
HANDLER(conversations_split);
HANDLER(conversations_merge);
HANDLER(conversations_unmerge);
HANDLER(labels_list);
HANDLER(labels_post);
HANDLER(labels_patch);
HANDLER(labels_delete);
HANDLER(saved_filters_list);
HANDLER(saved_filters_post);
HANDLER(saved_filters_patch);
HANDLER(saved_filters_delete);
HANDLER(conversations_read);
HANDLER(conversations_typing);
HANDLER(conversations_timer);
HANDLER(conversations_messages);
HANDLER(conversations_send);
HANDLER(messages_send);
HANDLER(messages_get);
HANDLER(messages_retry);
HANDLER(messages_vote);
HANDLER(messages_forward);
HANDLER(messages_trace);
HANDLER(search_list);
HANDLER(search_suggestions);
HANDLER(notes_post);
HANDLER(messages_patch);
HANDLER(messages_delete);
HANDLER(messages_versions);
HANDLER(messages_star);
HANDLER(conversations_starred);

/* canned.c, macros.c, scheduled.c, notifications.c */
HANDLER(canned_responses_list);
HANDLER(canned_responses_get);
HANDLER(canned_responses_post);
HANDLER(canned_responses_patch);
HANDLER(canned_responses_delete);
HANDLER(canned_responses_preview);
HANDLER(conversations_variables);
HANDLER(macros_list);
HANDLER(macros_get);
HANDLER(macros_post);
HANDLER(macros_patch);
HANDLER(macros_delete);
HANDLER(macros_run);
HANDLER(scheduled_messages_list);
HANDLER(scheduled_messages_get);
HANDLER(scheduled_messages_post);
HANDLER(scheduled_messages_put);
HANDLER(scheduled_messages_delete);
HANDLER(notifications_list);
HANDLER(notifications_read);
HANDLER(notifications_read_all);

/* notify_settings.c */
HANDLER(notify_settings_read);
HANDLER(notify_settings_patch);
HANDLER(push_subscriptions_list);
HANDLER(push_subscriptions_post);
HANDLER(push_subscriptions_delete);
HANDLER(notify_test_post);
HANDLER(notify_unsubscribe_post);
HANDLER(conversations_mute);
/* agents.c, teams.c, routing.c */
HANDLER(agents_list);
HANDLER(agents_get);
HANDLER(agents_patch);
HANDLER(agents_me_patch);
HANDLER(agents_me_activity);
HANDLER(agents_history);
HANDLER(teams_list);
HANDLER(teams_get);
HANDLER(teams_post);
HANDLER(teams_patch);
HANDLER(teams_delete);
HANDLER(routing_settings_read);
HANDLER(routing_settings_patch);
HANDLER(routing_rules_list);
HANDLER(routing_rules_post);
HANDLER(routing_rules_patch);
HANDLER(routing_rules_delete);
HANDLER(routing_rules_order);
HANDLER(routing_rules_test);
HANDLER(routing_queue_list);

/* assets.c, openapi.c, missing.c */
HANDLER(assets_get);
HANDLER(openapi_get);
HANDLER(transport_schema_get);
HANDLER(providers_list);
HANDLER(media_link_get);
HANDLER(channels_preview);
HANDLER(api_missing);

/* Shapes that several answers have. */
struct message_cost;
void cost_write_json(struct job *job, struct buf *out, const char *key,
	const struct message_cost *cost);
struct media;
void media_write_json(struct buf *out, const char *key, const struct media *media);
void person_write_json(struct job *job, struct buf *out, const char *key,
	const struct person *person);
/* "role", "role_name", "sees", "channels", "teams" into an open object. */
void access_write_json(struct job *job, struct buf *out, const struct access *access);
/* "channels":["12","34"] of a list of ids as struct access has it. */
void scope_ids_write_json(struct job *job, struct buf *out, const char *key, str list);
/* The other way: a JSON list of id texts; field errors. No value gives STR_NONE. */
str scope_ids_read(struct job *job, const char *field, json list);
/* A JSON list of permission words; field errors. */
uint64_t permissions_read_json(struct job *job, const char *field, json list);
/* The answer to a sign-in: the cookie, and the session. */
enum err reply_signed_in(struct job *job, const struct request *req, struct response *res,
	const struct session *session, str token);
/* A proven webhook as a call of our own public address; in the arena (channel_proof.c). */
struct channel;
struct webhook_proof;
struct http_call channel_webhook_call(struct job *job, const struct channel *ch,
	const struct webhook_proof *proof);
void workspace_write_json(struct buf *out, const char *key, const struct workspace *workspace);
/* "scopes":[…] or "permissions":[…] */
void permissions_write_json(struct buf *out, const char *key, uint64_t permissions);

/* Whose a ready answer or a macro is: "scope" and "owner_id". */
struct owner;
void owner_write_json(struct buf *out, const struct owner *owner);
/* False, with its field error, for a scope that there is none of. */
bool owner_read(struct job *job, str scope, id64 owner_id, struct owner *out);
struct message_media_row;
enum err media_row_write_json(struct job *job, struct buf *out, const char *key,
	const struct message_media_row *row);

/* Something that lists show has changed: tells the workspace to look again. Never fails. */
void api_tell_list(struct job *job, str event, id64 id);
/* An event for everybody of the workspace, whatever they see of the inbox. Never fails. */
void api_tell_event(struct job *job, str event, const struct buf *data);
/* pace.updated: how fast a linked number may send, and what stands in its way. */
void api_tell_pace(struct job *job, id64 channel);
struct pace_patch;
/* Limits of a patch by their names: field errors. */
void pace_limits_read(struct job *job, json limits, struct pace_patch *out);
/* The live events' objects. *person: whom it is for. */
enum err notification_write_event(struct job *job, struct buf *out, id64 id, id64 *person);
enum err scheduled_write_event(struct job *job, struct buf *out, id64 id);

#endif
