CREATE TABLE `password_history` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`account_id` integer NOT NULL,
	`write_id` integer,
	`salt` text NOT NULL,
	`hash` text NOT NULL,
	`marker` text,
	`at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `account`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`write_id`) REFERENCES `write`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT;
--> statement-breakpoint
CREATE INDEX `password_history_account` ON `password_history` (`account_id`,`at`);--> statement-breakpoint
CREATE INDEX `password_history_write` ON `password_history` (`write_id`) WHERE "password_history"."write_id" is not null;