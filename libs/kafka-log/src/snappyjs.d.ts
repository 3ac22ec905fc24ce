/** The part of snappyjs that is used here; it brings no declarations. */
declare module 'snappyjs' {
  const snappy: {
    /** The answer is a Buffer, as the argument is. */
    compress(bytes: Buffer): Buffer;
    /** @throws Error if the bytes are not a block of snappy */
    uncompress(bytes: Buffer): Buffer;
  };
  export default snappy;
}
