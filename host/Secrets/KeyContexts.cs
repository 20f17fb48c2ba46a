namespace IntegrationHub.Host.Secrets;

/// <summary>What each wrapped key is bound to: a key that was moved to another row does not open.</summary>
internal static class KeyContexts
{
    public static string Connection(string id) => $"connection:{id}";

    public static string Subscription(string id) => $"subscription:{id}";

    public static string DataKey(string purpose, string id) => $"data-key:{purpose}:{id}";
}
