using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Connections;

/// <summary>Seals secret fields under their connection's own data key, each bound to connection and field. A value is kept as its JSON text.</summary>
internal sealed class ConnectionSecrets(ISealer sealer)
{
    /// <summary>The code of the problem that something sealed does not open.</summary>
    public const string UnreadableCode = "secrets_unreadable";

    public string MasterKeyId => sealer.MasterKeyId;

    public byte[] NewKey(string connectionId) => sealer.NewWrappedKey(KeyContexts.Connection(connectionId));

    public string MasterKeyIdOf(byte[] wrappedKey) => sealer.MasterKeyIdOf(wrappedKey);

    public SealedSecret Seal(string connectionId, byte[] wrappedKey, string field, JsonElement value)
    {
        var plain = Encoding.UTF8.GetBytes(value.GetRawText());
        try
        {
            return new SealedSecret(sealer.Seal(wrappedKey, KeyContexts.Connection(connectionId), plain, FieldContext(connectionId, field)), SecretMask.HintOf(value));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    /// <exception cref="ProblemException">It does not open.</exception>
    public JsonElement Open(Connection connection, string field, byte[] value)
    {
        try
        {
            var plain = sealer.Open(connection.WrappedKey, KeyContexts.Connection(connection.Id), value, FieldContext(connection.Id, field));
            try
            {
                var reader = new Utf8JsonReader(plain);
                return JsonElement.ParseValue(ref reader);
            }
            finally
            {
                CryptographicOperations.ZeroMemory(plain);
            }
        }
        catch (CryptographicException)
        {
            throw Unreadable(connection).ToException();
        }
    }

    private static string FieldContext(string connectionId, string field) => $"connection:{connectionId}:{field}";

    private Problem Unreadable(Connection connection) =>
        new(StatusCodes.Status500InternalServerError, UnreadableCode, "The connection's secrets cannot be read",
            connection.MasterKeyId == MasterKeyId
                ? $"The stored secrets of '{connection.Id}' are damaged. Restore them from a backup, or make the connection anew."
                : $"The secrets of '{connection.Id}' were encrypted with the master key {connection.MasterKeyId}; the hub runs with {MasterKeyId}. Start it with the original key, or make the connection anew.");
}
