CREATE TABLE `sync_change` (
	`run_id` integer NOT NULL,
	`seq` integer NOT NULL,
	`kind` text NOT NULL,
	`login` text NOT NULL,
	`fields` text NOT NULL,
	PRIMARY KEY(`run_id`, `seq`),
	FOREIGN KEY (`run_id`) REFERENCES `sync_run`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT;
--> statement-breakpoint
CREATE TABLE `sync_run` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`home` text NOT NULL,
	`started_at` integer NOT NULL,
	`ended_at` integer NOT NULL,
	`extent` text NOT NULL,
	`actor` text,
	`refusal` text,
	`params` text NOT NULL,
	`read` integer NOT NULL,
	`added` integer NOT NULL,
	`updated` integer NOT NULL,
	`disabled` integer NOT NULL,
	`unchanged` integer NOT NULL,
	`oddities` text NOT NULL,
	`odd` integer NOT NULL,
	`kept` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE INDEX `sync_run_home` ON `sync_run` (`home`,`id`);--> statement-breakpoint
ALTER TABLE `account` ADD `dn` text;--> statement-breakpoint
ALTER TABLE `account` ADD `listed_as` text;