/** The package's own types name exports that it does not have (version 4.0.0 has a default export only). */
declare module 'scrypt-kdf' {
  interface Params {
    logN: number;
    r: number;
    p: number;
  }
  const Scrypt: {
    kdf(secret: Uint8Array | string, params: Params): Promise<Uint8Array>;
    verify(key: Uint8Array, secret: Uint8Array | string): Promise<boolean>;
    viewParams(key: Uint8Array): Params;
  };
  export default Scrypt;
}
