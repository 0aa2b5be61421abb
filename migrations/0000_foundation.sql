CREATE TABLE `account` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`login` text NOT NULL,
	`login_fold` text NOT NULL,
	`home` text,
	`remote_id` text,
	`name` text NOT NULL,
	`mail` text,
	`mobile` text,
	`role` text NOT NULL,
	`groups` text NOT NULL,
	`is_protected` integer NOT NULL,
	`is_disabled` integer NOT NULL,
	`suspended_at` integer,
	`language` text,
	`password_hash` text,
	`password_changed_at` integer,
	`enrol_until` integer,
	`snooze_times` integer DEFAULT 0 NOT NULL,
	`snooze_until` integer,
	`told_why_at` integer,
	`created_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `account_remote` ON `account` (`home`,`remote_id`);--> statement-breakpoint
CREATE INDEX `account_login` ON `account` (`login_fold`);--> statement-breakpoint
CREATE UNIQUE INDEX `account_local` ON `account` (`login_fold`) WHERE "account"."home" is null;--> statement-breakpoint
CREATE TABLE `attempt` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`token_digest` text,
	`support_code` text NOT NULL,
	`intention` text NOT NULL,
	`login_digest` text NOT NULL,
	`account_id` integer,
	`refused_by` text,
	`address` text NOT NULL,
	`language` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`state` text DEFAULT 'open' NOT NULL,
	`finished_at` integer,
	FOREIGN KEY (`account_id`) REFERENCES `account`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `attempt_token` ON `attempt` (`token_digest`);--> statement-breakpoint
CREATE INDEX `attempt_account` ON `attempt` (`account_id`,`state`);--> statement-breakpoint
CREATE INDEX `attempt_live` ON `attempt` (`expires_at`) WHERE "attempt"."token_digest" is not null;--> statement-breakpoint
CREATE INDEX `attempt_stranger` ON `attempt` (`expires_at`) WHERE "attempt"."account_id" is null;--> statement-breakpoint
CREATE INDEX `attempt_support` ON `attempt` (`support_code`);--> statement-breakpoint
CREATE TABLE `attempt_step` (
	`attempt_id` integer NOT NULL,
	`seq` integer NOT NULL,
	`step` text NOT NULL,
	PRIMARY KEY(`attempt_id`, `seq`),
	FOREIGN KEY (`attempt_id`) REFERENCES `attempt`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT;
--> statement-breakpoint
CREATE TABLE `enrolment` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`account_id` integer NOT NULL,
	`method` text NOT NULL,
	`label` text NOT NULL,
	`secret` text NOT NULL,
	`is_preferred` integer DEFAULT false NOT NULL,
	`added_at` integer NOT NULL,
	`used_at` integer,
	FOREIGN KEY (`account_id`) REFERENCES `account`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT;
--> statement-breakpoint
CREATE INDEX `enrolment_account` ON `enrolment` (`account_id`);--> statement-breakpoint
CREATE TABLE `hit` (
	`limit` text NOT NULL,
	`key` text NOT NULL,
	`at` integer NOT NULL,
	`ends_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE INDEX `hit_key` ON `hit` (`limit`,`key`,`at`);--> statement-breakpoint
CREATE INDEX `hit_end` ON `hit` (`ends_at`);--> statement-breakpoint
CREATE TABLE `journal` (
	`seq` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`event` text NOT NULL,
	`method` text,
	`result` text NOT NULL,
	`detail` text,
	`support_code` text,
	`actor_digest` text,
	`account_digest` text,
	`address_digest` text,
	`raw_digest` text,
	`hash` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE INDEX `journal_at` ON `journal` (`at`);--> statement-breakpoint
CREATE INDEX `journal_support` ON `journal` (`support_code`);--> statement-breakpoint
CREATE TABLE `journal_head` (
	`id` integer PRIMARY KEY NOT NULL,
	`seq` integer NOT NULL,
	`mac` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `journal_personal` (
	`seq` integer NOT NULL,
	`field` text NOT NULL,
	`salt` text NOT NULL,
	`value` text NOT NULL,
	PRIMARY KEY(`seq`, `field`),
	FOREIGN KEY (`seq`) REFERENCES `journal`(`seq`) ON UPDATE no action ON DELETE cascade
) STRICT;
--> statement-breakpoint
CREATE INDEX `journal_personal_value` ON `journal_personal` (`field`,`value`);--> statement-breakpoint
CREATE TABLE `note` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `outbox` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`kind` text NOT NULL,
	`recipient` text NOT NULL,
	`sealed` text,
	`tries` integer DEFAULT 0 NOT NULL,
	`token_id` integer,
	`queued_at` integer NOT NULL,
	`next_at` integer,
	`expires_at` integer,
	`sent_at` integer,
	`dead_at` integer,
	`problem` text
) STRICT;
--> statement-breakpoint
CREATE INDEX `outbox_next` ON `outbox` (`next_at`) WHERE "outbox"."next_at" is not null;--> statement-breakpoint
CREATE INDEX `outbox_sent` ON `outbox` (`sent_at`);--> statement-breakpoint
CREATE INDEX `outbox_dead` ON `outbox` (`dead_at`) WHERE "outbox"."dead_at" is not null;--> statement-breakpoint
CREATE INDEX `outbox_problem` ON `outbox` (`id`) WHERE "outbox"."problem" is not null;--> statement-breakpoint
CREATE TABLE `session` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`token_digest` text NOT NULL,
	`account_id` integer NOT NULL,
	`standing` text NOT NULL,
	`created_at` integer NOT NULL,
	`used_at` integer NOT NULL,
	`proved_at` integer NOT NULL,
	`address` text NOT NULL,
	`device` text NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `account`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `session_token` ON `session` (`token_digest`);--> statement-breakpoint
CREATE INDEX `session_account` ON `session` (`account_id`);--> statement-breakpoint
CREATE INDEX `session_used` ON `session` (`used_at`);--> statement-breakpoint
CREATE INDEX `session_created` ON `session` (`created_at`);--> statement-breakpoint
CREATE TABLE `setting` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `token` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`purpose` text NOT NULL,
	`digest` text NOT NULL,
	`account_id` integer NOT NULL,
	`attempt_id` integer,
	`expires_at` integer NOT NULL,
	`tries_left` integer NOT NULL,
	`used_at` integer,
	`note` text,
	FOREIGN KEY (`account_id`) REFERENCES `account`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`attempt_id`) REFERENCES `attempt`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT;
--> statement-breakpoint
CREATE INDEX `token_digest` ON `token` (`digest`);--> statement-breakpoint
CREATE INDEX `token_account` ON `token` (`account_id`,`purpose`);--> statement-breakpoint
CREATE INDEX `token_expiry` ON `token` (`expires_at`);--> statement-breakpoint
CREATE TABLE `write` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`account_id` integer NOT NULL,
	`attempt_id` integer,
	`act` text NOT NULL,
	`server` text,
	`marker` text,
	`support_code` text NOT NULL,
	`address` text NOT NULL,
	`started_at` integer NOT NULL,
	`sent_at` integer,
	`ended_at` integer,
	`outcome` text,
	FOREIGN KEY (`account_id`) REFERENCES `account`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`attempt_id`) REFERENCES `attempt`(`id`) ON UPDATE no action ON DELETE set null
) STRICT;
--> statement-breakpoint
CREATE INDEX `write_unsettled` ON `write` (`ended_at`,`started_at`);--> statement-breakpoint
CREATE INDEX `write_account` ON `write` (`account_id`);--> statement-breakpoint
CREATE TABLE `wrong_password` (
	`account_id` integer NOT NULL,
	`digest` text NOT NULL,
	`marker` text,
	`at` integer NOT NULL,
	PRIMARY KEY(`account_id`, `digest`),
	FOREIGN KEY (`account_id`) REFERENCES `account`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT;
--> statement-breakpoint
CREATE INDEX `wrong_password_at` ON `wrong_password` (`at`);--> statement-breakpoint
CREATE TRIGGER `journal_is_append_only` BEFORE UPDATE ON `journal` BEGIN SELECT RAISE(ABORT, 'the journal is append only'); END;
