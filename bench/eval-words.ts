/**
 * What the demo model's documents are made of, in the words that it was trained on: kinds of things, what can be said and
 * asked of them, and sentences that say nothing. Names, numbers and places are drawn at random, so that an answer can only
 * come from the document.
 */

/** A seeded source of choices. */
export interface Random {
  /** From 0 to below n. */
  below(n: number): number;
  from<Item>(items: readonly Item[]): Item;
}

/** mulberry32: small, and good enough to draw words. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const below = (n: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  };
  return { below, from: (items) => items[below(items.length)]! };
}

type Draw = (random: Random) => string;

/** `fact` and `question` forms; * stands for the thing, = for the value. */
export interface Attribute {
  readonly value: Draw;
  readonly facts: readonly string[];
  readonly questions: readonly string[];
}

export interface Kind {
  readonly name: Draw;
  readonly attributes: readonly Attribute[];
}

const split = (text: string, by = ' '): readonly string[] => text.split(by);
export const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const ONSETS = split('b br c cl d dr f fl g gr h j k l m n p pr qu r s sh st t th tr v w z');
const VOWELS = split('a e i o u a e i o ai ea ou');
const CODAS = split('l n r s t nd rn th m x ck ll');
const ENDINGS = split('a en is or an el on us ia er in o y');
const PLACES = split('ford wick ton mere holm bury stead gate haven moor');
const ADJECTIVES = split(
  'quiet bright hollow northern silver old broken gentle iron amber distant early frozen hidden lucky narrow painted ' +
    'restless royal salty secret stormy sunken tall velvet wandering wild windy wooden young',
);
const NOUNS = split(
  'falcon lantern harbor meadow compass orchard anchor willow ember canyon thistle beacon river summit mirror kettle ' +
    'badger comet cradle dagger feather glacier hammer island jewel ladder marsh needle oak pebble raven saddle tower ' +
    'valley whistle',
);
const COLORS = split(
  'red blue green amber violet white black silver golden crimson teal orange pink grey brown scarlet',
);
const ANIMALS = split(
  'cat dog parrot goat fox raven turtle horse rabbit owl ferret donkey goose otter lizard hedgehog',
);
const FOODS = split(
  'plum soup,rye bread,smoked eel,goat cheese,honey cake,lentil stew,apple pie,roast chestnuts,fish broth,barley porridge,' +
    'pickled beets,mushroom pie,black beans,walnut tart,onion soup,fresh figs',
  ',',
);
const JOBS = split(
  'baker carpenter surgeon clockmaker farmer painter teacher weaver sailor judge miner gardener potter printer ' +
    'glassblower astronomer',
);
const CARGOES = split(
  'salt,copper,timber,wool,tea,marble,grain,silk,coal,olive oil,iron,paper,spices,glass,cotton,tin',
  ',',
);
const TASKS = split(
  'sweeping the halls,counting seeds,sorting letters,mending nets,guarding the gate,watering plants,polishing lenses,' +
    'carrying stones',
  ',',
);

const syllables = (random: Random, count: number): string =>
  Array.from(
    { length: count },
    () => random.from(ONSETS) + random.from(VOWELS) + (random.below(3) === 0 ? random.from(CODAS) : ''),
  ).join('');
const digits = (random: Random, count: number): string =>
  Array.from({ length: count }, () => random.below(10)).join('');
const person: Draw = (random) =>
  `${capitalised(syllables(random, 1) + random.from(ENDINGS))} ${capitalised(syllables(random, 1 + random.below(2)))}`;
const place: Draw = (random) => capitalised(syllables(random, 1) + random.from(PLACES));
const title: Draw = (random) => `${capitalised(random.from(ADJECTIVES))} ${capitalised(random.from(NOUNS))}`;
const year: Draw = (random) => `${1500 + random.below(521)}`;
const number: Draw = (random) => `${11 + random.below(989)}`;
const code: Draw = (random) => digits(random, 4 + random.below(3));
const serial: Draw = (random) => {
  const letters = split('ABCDEFGHKLMNPRSTVWXZ', '');
  return `${random.from(letters)}${random.from(letters)}-${digits(random, 3)}`;
};
const oneOf =
  (items: readonly string[]): Draw =>
  (random) =>
    random.from(items);

/** Forms are parted by |, facts before questions. */
const say = (value: Draw, facts: string, questions: string): Attribute => ({
  value,
  facts: split(facts, '|'),
  questions: split(questions, '|'),
});

export const KINDS: readonly Kind[] = [
  {
    name: (random) => `${place(random)} Lighthouse`,
    attributes: [
      say(
        person,
        'The keeper of the * is =.|= keeps the *.|The * has been kept by = for years.',
        'Who is the keeper of the *?|Who keeps the *?',
      ),
      say(
        year,
        'The * was built in =.|Builders finished the * in =.',
        'When was the * built?|In which year was the * built?',
      ),
      say(
        oneOf(COLORS),
        'The lamp of the * is =.|At night the * shows a = lamp.',
        'What color is the lamp of the *?',
      ),
      say(
        number,
        'The * stands = feet tall.|The height of the * is = feet.',
        'How tall is the * in feet?|What is the height of the *?',
      ),
    ],
  },
  {
    name: (random) => `ship ${title(random)}`,
    attributes: [
      say(
        person,
        'The captain of the * is =.|= commands the *.',
        'Who is the captain of the *?|Who commands the *?',
      ),
      say(
        oneOf(CARGOES),
        'The * carries =.|The hold of the * is full of =.',
        'What does the * carry?|What is the cargo of the *?',
      ),
      say(
        place,
        'The home port of the * is =.|The * sails from =.',
        'What is the home port of the *?|Where does the * sail from?',
      ),
      say(number, 'The * has a crew of =.|A crew of = works on the *.', 'How large is the crew of the *?'),
    ],
  },
  {
    name: person,
    attributes: [
      say(oneOf(JOBS), '* works as a =.|By trade, * is a =.', 'What is the job of *?|What does * work as?'),
      say(place, '* lives in =.|The home of * is in =.', 'Where does * live?|Where is the home of *?'),
      say(
        oneOf(ANIMALS),
        '* has a pet =.|The pet of * is a =.',
        'What pet does * have?|What is the pet of *?',
      ),
      say(
        oneOf(FOODS),
        'The favorite food of * is =.|* loves to eat =.',
        'What is the favorite food of *?|What does * love to eat?',
      ),
      say(year, '* was born in =.|The birth year of * is =.', 'When was * born?|In which year was * born?'),
    ],
  },
  {
    name: (random) => `${random.from(ADJECTIVES)} ${random.from(NOUNS)} vault`,
    attributes: [
      say(
        code,
        'The access code of the * is =.|To open the *, use the code =.',
        'What is the access code of the *?|Which code opens the *?',
      ),
      say(person, 'The owner of the * is =.|= owns the *.', 'Who is the owner of the *?|Who owns the *?'),
      say(
        oneOf(COLORS),
        'The door of the * is =.|A = door leads into the *.',
        'What color is the door of the *?',
      ),
    ],
  },
  {
    name: (random) => `robot ${capitalised(syllables(random, 2))}`,
    attributes: [
      say(
        serial,
        'The serial number of the * is =.|On the back of the * is stamped =.',
        'What is the serial number of the *?',
      ),
      say(person, 'The * was made by =.|= made the *.', 'Who made the *?'),
      say(oneOf(TASKS), 'The task of the * is =.|The * spends its days =.', 'What is the task of the *?'),
    ],
  },
  {
    name: (random) => `book The ${title(random)}`,
    attributes: [
      say(person, 'The author of the * is =.|= wrote the *.', 'Who is the author of the *?|Who wrote the *?'),
      say(year, 'The * was printed in =.|Printers first set the * in =.', 'When was the * printed?'),
      say(number, 'The * has = pages.|There are = pages in the *.', 'How many pages does the * have?'),
    ],
  },
];

const SUBJECTS = split(
  "the wind,a small boat,the old road,an evening bell,the market,a cold rain,the tide,the baker's cart,a flock of geese," +
    'the mill wheel,the morning fog,a lost letter,the harbor master,the children,a tired traveler,the night watch',
  ',',
);
const VERBS = split(
  'moved past,waited near,came back to,turned away from,rested beside,drifted over,called out across,passed slowly by,' +
    'could be heard from,was seen close to',
  ',',
);
const OBJECTS = split(
  'the stone bridge,the empty square,the far hills,a row of houses,the wet fields,the garden wall,the fishing huts,' +
    'the broken fence,the long pier,the snowy pass,the quiet station,the chapel steps',
  ',',
);
const TAILS = split(
  ', before dawn, for most of the day, as it often did, and nobody minded, while the snow fell, until the lamps were lit,' +
    ' in the last days of autumn, without a sound, once more',
  ',',
);

/** A sentence that answers nothing. */
export const filler: Draw = (random) =>
  capitalised(`${random.from(SUBJECTS)} ${random.from(VERBS)} ${random.from(OBJECTS)}${random.from(TAILS)}.`);
