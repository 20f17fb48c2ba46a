namespace IntegrationHub.Host.Secrets;

/// <summary>
/// Encrypts what is kept: AES-256-GCM with 96-bit random nonces. Layout of a sealed value: version (1 byte), nonce (12), tag (16), ciphertext.
/// The context is bound as additional data, so that a value moved to another row or field does not open. Thread-safe.
/// </summary>
internal interface ISealer
{
    /// <summary>The id of the master key in use: 16 hex digits derived from it.</summary>
    string MasterKeyId { get; }

    /// <summary>The id of the master key that wrapped a key made by <see cref="NewWrappedKey"/>: not <see cref="MasterKeyId"/>, which may have changed since.</summary>
    string MasterKeyIdOf(byte[] wrappedKey);

    /// <summary>Makes a new 256-bit data key, wrapped by the master key and bound to the context.</summary>
    byte[] NewWrappedKey(string context);

    /// <summary>Encrypts under a wrapped key.</summary>
    byte[] Seal(byte[] wrappedKey, string keyContext, ReadOnlySpan<byte> plaintext, string context);

    /// <summary>Decrypts under a wrapped key.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">Wrong key, wrong context, or altered.</exception>
    byte[] Open(byte[] wrappedKey, string keyContext, ReadOnlySpan<byte> sealedValue, string context);
}

/// <summary>Encrypts payloads (raw webhook bodies, event data) under the hub's payload key, compressing them first. Thread-safe, made for the hot path.</summary>
internal interface IPayloadSealer
{
    /// <summary>Compresses and encrypts. The context is the id of the row it is kept in.</summary>
    byte[] Seal(ReadOnlySpan<byte> plaintext, string context);

    /// <summary>Decrypts and decompresses.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">Wrong key, wrong context, or altered.</exception>
    byte[] Open(ReadOnlySpan<byte> sealedPayload, string context);
}
