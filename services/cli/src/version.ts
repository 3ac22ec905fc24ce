/** The version of the program, as in its package. A test holds the two together. */
export const VERSION = '0.1.0';
