ALTER TABLE `account` ADD `manager` text;--> statement-breakpoint
CREATE INDEX `account_dn` ON `account` (`home`,"dn" COLLATE NOCASE);--> statement-breakpoint
DELETE FROM `note` WHERE `name` LIKE 'sync mark %';
