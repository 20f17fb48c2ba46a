using System.Buffers;
using System.Text.Json;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>Seals tokens and verifiers under their connection's own data key, and opens them for one call.</summary>
internal sealed class TokenSealer(ConnectionSecrets secrets)
{
    // Fields of a config have no colon in front, so no secret field can be passed off as tokens or the other way round.
    private const string TokenField = ":oauth:tokens";
    private const string VerifierField = ":oauth:verifier";

    public byte[] Seal(Connection connection, TokenSet tokens) =>
        secrets.Seal(connection.Id, connection.WrappedKey, TokenField, JsonSerializer.SerializeToElement(tokens, HubJson.Options)).Value;

    /// <exception cref="ProblemException">They do not open.</exception>
    public TokenSet Open(Connection connection, TokenRecord record) =>
        secrets.Open(connection, TokenField, record.Sealed!).Deserialize<TokenSet>(HubJson.Options)!;

    public byte[] SealVerifier(Connection connection, string verifier) =>
        secrets.Seal(connection.Id, connection.WrappedKey, VerifierField, JsonSerializer.SerializeToElement(verifier)).Value;

    /// <exception cref="ProblemException">It does not open.</exception>
    public string OpenVerifier(Connection connection, byte[] value) => secrets.Open(connection, VerifierField, value).GetString()!;

    /// <summary>What adapters and templates see (<c>{auth.accessToken}</c>). Never the refresh token.</summary>
    public JsonElement ForCall(Connection connection, TokenRecord record)
    {
        var tokens = Open(connection, record);
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("accessToken"u8, tokens.AccessToken);
            writer.WriteString("tokenType"u8, tokens.TokenType);
            if (record.AccountId is { } account)
                writer.WriteString("accountId"u8, account);

            if (record.ExpiresAt is { } end)
                writer.WriteString("expiresAt"u8, end);

            if (record.Scopes is { } scopes)
            {
                writer.WriteStartArray("scopes"u8);
                foreach (var scope in scopes)
                    writer.WriteStringValue(scope);

                writer.WriteEndArray();
            }

            foreach (var (name, value) in tokens.Values)
                writer.WriteString(name, value);

            writer.WriteEndObject();
        }

        var reader = new Utf8JsonReader(buffer.WrittenSpan);
        var result = JsonElement.ParseValue(ref reader);
        buffer.Clear();
        return result;
    }
}
