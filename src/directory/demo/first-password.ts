/** First passwords of the demo's people: easy to read out and to type, hard to guess within the lock-out. Knows no people. */

import type { Random } from '../../world.ts';

const words =
  `acorn amber anchor apple april arrow aspen autumn badge bamboo banjo barley basil beacon berry birch biscuit blossom bramble breeze brook button
cactus candle canyon carrot castle cedar cello cherry cinder clover cobalt comet copper coral cotton cricket crystal dahlia daisy denim dolphin dragon drum
ember falcon feather fern fiddle finch flint forest fossil garden garnet ginger glacier granite guitar hammer harbor harvest hazel heron honey indigo island
ivory jacket jasmine jigsaw juniper kettle lagoon lantern lemon lentil lilac linen lotus magnet mango maple marble meadow melon mint mirror mosaic mountain
nectar needle nutmeg oasis olive orange orchid otter paddle paper parsley pebble pepper piano pillow planet plum pocket poppy prairie puzzle quartz quill
radish raven ribbon river rocket saddle saffron sail sand sapphire shell silver sparrow spruce stone summer sunset teapot thunder timber tulip tunnel umbrella
valley vanilla velvet violet walnut willow window winter yarrow zebra`.split(/\s+/);

/** Three words and four digits: "harbor-clover-piano-4821", about 34 bits. */
export const firstPassword = (random: Pick<Random, 'below' | 'digits'>): string =>
  [...Array.from({ length: 3 }, () => words[random.below(words.length)]), random.digits(4)].join('-');
