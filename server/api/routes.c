/*
 * routes.c: every address of the API, who handles it, and who may.
 *
 * openapi_test.c holds this table and docs/api/openapi.yaml together: a row here is an operation
 * there with the same permission, and the other way round.
 */
#include "api/events.h"
#include "api/handlers.h"
#include "api/health.h"
#include "inbox/media.h"

#define V1 "/api/v1"
#define MEDIA_BODY_MAX (MEDIA_SIZE_MAX + (64 << 10)) /* a file, and a form's lines around it */
#define GET HTTP_GET
#define POST HTTP_POST
#define PATCH HTTP_PATCH
#define PUT HTTP_PUT
#define DELETE HTTP_DELETE

const struct route api_routes[] = {
	{ POST, V1 "/session", session_post, PERMIT_PUBLIC },
	{ GET, V1 "/session", session_get, PERMIT_SIGNED_IN },
	{ PATCH, V1 "/session", session_patch, PERMIT_SIGNED_IN },
	{ DELETE, V1 "/session", session_delete, PERMIT_SIGNED_IN },
	{ POST, V1 "/session/second-factor", second_factor_post, PERMIT_SIGNED_IN },
	{ POST, V1 "/session/second-factor/confirm", second_factor_confirm_post, PERMIT_SIGNED_IN },
	{ POST, V1 "/session/second-factor/disable", second_factor_disable_post, PERMIT_SIGNED_IN },
	{ POST, V1 "/session/recovery-codes", recovery_codes_post, PERMIT_SIGNED_IN },
	{ GET, V1 "/sessions", sessions_list, PERMIT_SIGNED_IN },
	{ DELETE, V1 "/sessions", sessions_delete_others, PERMIT_SIGNED_IN },
	{ DELETE, V1 "/sessions/{id}", sessions_delete, PERMIT_SIGNED_IN },

	{ GET, V1 "/workspace", workspace_read, PERMIT(WORKSPACE_READ) },
	{ PATCH, V1 "/workspace", workspace_patch, PERMIT(WORKSPACE_MANAGE) },
	{ GET, V1 "/people", people_list, PERMIT(PERSON_READ) },
	{ POST, V1 "/people", people_post, PERMIT(PERSON_MANAGE) },
	{ PATCH, V1 "/people/{id}", people_patch, PERMIT(PERSON_MANAGE) },
	{ POST, V1 "/people/{id}/unlock", people_unlock, PERMIT(PERSON_MANAGE) },
	{ DELETE, V1 "/people/{id}/second-factor", people_second_factor_delete,
		PERMIT(PERSON_MANAGE) },
	{ GET, V1 "/people/{id}/sessions", people_sessions_list, PERMIT(PERSON_MANAGE) },
	{ DELETE, V1 "/people/{id}/sessions", people_sessions_delete_all, PERMIT(PERSON_MANAGE) },
	{ DELETE, V1 "/people/{id}/sessions/{session_id}", people_sessions_delete,
		PERMIT(PERSON_MANAGE) },
	{ GET, V1 "/invitations", invitations_list, PERMIT(PERSON_MANAGE) },
	{ POST, V1 "/invitations", invitations_post, PERMIT(PERSON_MANAGE) },
	{ DELETE, V1 "/invitations/{id}", invitations_delete, PERMIT(PERSON_MANAGE) },
	{ POST, V1 "/invitations/look", invitations_look, PERMIT_PUBLIC },
	{ POST, V1 "/invitations/accept", invitations_accept, PERMIT_PUBLIC },
	{ GET, V1 "/roles", roles_list, PERMIT(PERSON_READ) },
	{ POST, V1 "/roles", roles_post, PERMIT(ROLE_MANAGE) },
	{ PATCH, V1 "/roles/{id}", roles_patch, PERMIT(ROLE_MANAGE) },
	{ DELETE, V1 "/roles/{id}", roles_delete, PERMIT(ROLE_MANAGE) },
	{ GET, V1 "/api-keys", api_keys_list, PERMIT(KEY_MANAGE) },
	{ POST, V1 "/api-keys", api_keys_post, PERMIT(KEY_MANAGE) },
	{ DELETE, V1 "/api-keys/{id}", api_keys_delete, PERMIT(KEY_MANAGE) },
	{ GET, V1 "/audit", audit_list, PERMIT(AUDIT_READ) },

	{ GET, V1 "/webhooks", webhooks_list, PERMIT(WEBHOOK_MANAGE) },
	{ POST, V1 "/webhooks", webhooks_post, PERMIT(WEBHOOK_MANAGE) },
	{ GET, V1 "/webhooks/{id}", webhooks_get, PERMIT(WEBHOOK_MANAGE) },
	{ PATCH, V1 "/webhooks/{id}", webhooks_patch, PERMIT(WEBHOOK_MANAGE) },
	{ DELETE, V1 "/webhooks/{id}", webhooks_delete, PERMIT(WEBHOOK_MANAGE) },
	{ POST, V1 "/webhooks/{id}/rotate", webhooks_rotate, PERMIT(WEBHOOK_MANAGE) },
	{ POST, V1 "/webhooks/{id}/test", webhooks_test, PERMIT(WEBHOOK_MANAGE) },
	{ POST, V1 "/webhooks/{id}/resend-dead", webhooks_resend_dead, PERMIT(WEBHOOK_MANAGE) },
	{ POST, V1 "/webhooks/{id}/replay", webhooks_replay, PERMIT(WEBHOOK_MANAGE) },
	{ GET, V1 "/webhooks/{id}/deliveries", webhooks_deliveries, PERMIT(WEBHOOK_MANAGE) },
	{ GET, V1 "/webhooks/{id}/deliveries/{event}", webhooks_delivery, PERMIT(WEBHOOK_MANAGE) },
	{ POST, V1 "/webhooks/{id}/deliveries/{event}/resend", webhooks_resend,
		PERMIT(WEBHOOK_MANAGE) },

	{ GET, V1 "/channels", channels_list, PERMIT(CHANNEL_READ) },
	{ POST, V1 "/channels", channels_post, PERMIT(CHANNEL_MANAGE) },
	{ GET, V1 "/channels/{id}", channels_get, PERMIT(CHANNEL_READ) },
	{ PATCH, V1 "/channels/{id}", channels_patch, PERMIT(CHANNEL_MANAGE) },
	{ DELETE, V1 "/channels/{id}", channels_delete, PERMIT(CHANNEL_MANAGE) },
	{ POST, V1 "/channels/{id}/test", channels_test, PERMIT(CHANNEL_MANAGE) },
	{ POST, V1 "/channels/{id}/templates/sync", channels_sync_templates,
		PERMIT(TEMPLATE_MANAGE) },
	{ GET, V1 "/templates", templates_list, PERMIT(TEMPLATE_READ) },
	{ POST, V1 "/templates", templates_post, PERMIT(TEMPLATE_MANAGE) },
	{ GET, V1 "/templates/{id}", templates_get, PERMIT(TEMPLATE_READ) },
	{ PATCH, V1 "/templates/{id}", templates_patch, PERMIT(TEMPLATE_MANAGE) },
	{ DELETE, V1 "/templates/{id}", templates_delete, PERMIT(TEMPLATE_MANAGE) },
	{ POST, V1 "/templates/{id}/submit", templates_submit, PERMIT(TEMPLATE_MANAGE) },
	{ GET, V1 "/templates/{id}/versions", templates_versions, PERMIT(TEMPLATE_READ) },
	{ POST, V1 "/templates/{id}/versions", templates_add_version, PERMIT(TEMPLATE_MANAGE) },
	{ GET, V1 "/templates/{id}/history", templates_history, PERMIT(TEMPLATE_READ) },
	{ GET, V1 "/templates/{id}/usage", templates_usage, PERMIT(TEMPLATE_READ) },
	{ GET, V1 "/template-settings", template_settings_get, PERMIT(TEMPLATE_READ) },
	{ PATCH, V1 "/template-settings", template_settings_patch, PERMIT(TEMPLATE_MANAGE) },

	{ POST, V1 "/media", media_post, PERMIT(MEDIA_WRITE), ROUTE_STREAM_BODY, MEDIA_BODY_MAX },
	{ GET, V1 "/media/{id}", media_bytes_get, PERMIT(MEDIA_READ) },
	{ POST, V1 "/media/{id}/retry", media_retry_post, PERMIT(MEDIA_WRITE) },

	{ POST, "/broadcasting/auth", broadcasting_auth, PERMIT(CONVERSATION_READ) },

	{ GET, V1 "/events", events_list, PERMIT(EVENT_READ) },
	{ GET, V1 "/events/{id}", events_get, PERMIT(EVENT_READ) },
	{ POST, V1 "/events/{id}/replay", events_replay, PERMIT(EVENT_MANAGE) },

	{ GET, V1 "/contacts", contacts_list, PERMIT(CONTACT_READ) },
	{ GET, V1 "/contacts/{id}", contacts_get, PERMIT(CONTACT_READ) },
	{ PATCH, V1 "/contacts/{id}", contacts_patch, PERMIT(CONTACT_WRITE) },
	{ GET, V1 "/conversations", conversations_list, PERMIT(CONVERSATION_READ) },
	{ GET, V1 "/conversations/{id}", conversations_get, PERMIT(CONVERSATION_READ) },
	{ PATCH, V1 "/conversations/{id}", conversations_patch, PERMIT(CONVERSATION_WRITE) },
	{ POST, V1 "/conversations/{id}/read", conversations_read, PERMIT(MESSAGE_SEND) },
	{ POST, V1 "/conversations/{id}/typing", conversations_typing, PERMIT(MESSAGE_SEND) },
	{ GET, V1 "/conversations/{id}/messages", conversations_messages, PERMIT(MESSAGE_READ) },
	{ POST, V1 "/conversations/{id}/messages", conversations_send, PERMIT(MESSAGE_SEND) },
	{ POST, V1 "/messages", messages_send, PERMIT(MESSAGE_SEND) },
	{ GET, V1 "/messages/{id}", messages_get, PERMIT(MESSAGE_READ) },
	{ GET, V1 "/messages/{id}/trace", messages_trace, PERMIT(MESSAGE_READ) },
	{ POST, V1 "/messages/{id}/retry", messages_retry, PERMIT(MESSAGE_SEND) },
	{ PATCH, V1 "/messages/{id}", messages_patch, PERMIT(CONVERSATION_WRITE) },
	{ DELETE, V1 "/messages/{id}", messages_delete, PERMIT(CONVERSATION_WRITE) },
	{ GET, V1 "/messages/{id}/versions", messages_versions, PERMIT(MESSAGE_READ) },
	{ POST, V1 "/conversations/{id}/notes", notes_post, PERMIT(CONVERSATION_WRITE) },
	{ GET, V1 "/conversations/{id}/variables", conversations_variables,
		PERMIT(MESSAGE_SEND) },
	{ GET, V1 "/search", search_list, PERMIT(MESSAGE_READ) },

	{ GET, V1 "/reports/board", reports_board, PERMIT(REPORT_READ) },
	{ GET, V1 "/reports/agents", reports_agents, PERMIT(REPORT_READ) },
	{ GET, V1 "/reports/traffic", reports_traffic, PERMIT(HEALTH_READ) },
	{ GET, V1 "/business-hours", business_hours_read, PERMIT(WORKSPACE_READ) },
	{ PUT, V1 "/business-hours", business_hours_put, PERMIT(WORKSPACE_MANAGE) },
	{ GET, V1 "/sla-policies", sla_policies_list, PERMIT(WORKSPACE_READ) },
	{ PUT, V1 "/sla-policies", sla_policies_put, PERMIT(WORKSPACE_MANAGE) },

	{ GET, V1 "/canned-responses", canned_responses_list, PERMIT(MESSAGE_READ) },
	{ POST, V1 "/canned-responses", canned_responses_post, PERMIT(MESSAGE_SEND) },
	{ POST, V1 "/canned-responses/preview", canned_responses_preview, PERMIT(MESSAGE_SEND) },
	{ GET, V1 "/canned-responses/{id}", canned_responses_get, PERMIT(MESSAGE_READ) },
	{ PATCH, V1 "/canned-responses/{id}", canned_responses_patch, PERMIT(MESSAGE_SEND) },
	{ DELETE, V1 "/canned-responses/{id}", canned_responses_delete, PERMIT(MESSAGE_SEND) },
	{ GET, V1 "/macros", macros_list, PERMIT(MESSAGE_READ) },
	{ POST, V1 "/macros", macros_post, PERMIT(CONVERSATION_WRITE) },
	{ GET, V1 "/macros/{id}", macros_get, PERMIT(MESSAGE_READ) },
	{ PATCH, V1 "/macros/{id}", macros_patch, PERMIT(CONVERSATION_WRITE) },
	{ DELETE, V1 "/macros/{id}", macros_delete, PERMIT(CONVERSATION_WRITE) },
	{ POST, V1 "/macros/{id}/run", macros_run, PERMIT(CONVERSATION_WRITE) },
	{ GET, V1 "/scheduled-messages", scheduled_messages_list, PERMIT(MESSAGE_READ) },
	{ POST, V1 "/scheduled-messages", scheduled_messages_post, PERMIT(MESSAGE_SEND) },
	{ GET, V1 "/scheduled-messages/{id}", scheduled_messages_get, PERMIT(MESSAGE_READ) },
	{ PUT, V1 "/scheduled-messages/{id}", scheduled_messages_put, PERMIT(MESSAGE_SEND) },
	{ DELETE, V1 "/scheduled-messages/{id}", scheduled_messages_delete,
		PERMIT(MESSAGE_SEND) },
	{ GET, V1 "/notifications", notifications_list, PERMIT(MESSAGE_READ) },
	{ POST, V1 "/notifications/read", notifications_read_all, PERMIT(MESSAGE_READ) },
	{ POST, V1 "/notifications/{id}/read", notifications_read, PERMIT(MESSAGE_READ) },

	{ GET, V1 "/health", health_get, PERMIT(HEALTH_READ) },
	{ GET, "/healthz", health_live, PERMIT_PUBLIC },
	{ GET, "/readyz", health_ready, PERMIT_PUBLIC },
	{ GET, "/metrics", health_metrics, PERMIT_PUBLIC },

	{ GET, "/openapi.json", openapi_get, PERMIT_PUBLIC },
	{ GET, V1 "/{*}", api_missing, PERMIT_PUBLIC },
	{ POST, V1 "/{*}", api_missing, PERMIT_PUBLIC },
	{ PUT, V1 "/{*}", api_missing, PERMIT_PUBLIC },
	{ PATCH, V1 "/{*}", api_missing, PERMIT_PUBLIC },
	{ DELETE, V1 "/{*}", api_missing, PERMIT_PUBLIC },
	{ GET, "/{*}", assets_get, PERMIT_PUBLIC },
};
const size_t api_route_count = COUNT_OF(api_routes);
