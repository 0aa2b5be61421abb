ALTER TABLE `account` ADD `reviewed_at` integer;--> statement-breakpoint
ALTER TABLE `account` ADD `review_wanted_at` integer;