using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Fuzz;

/// <summary>A request in the making, and the connection it goes to.</summary>
internal sealed class Draft
{
    public static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly string VerifyToken = "verify-" + "me";

    public string Method { get; set; } = "POST";

    public string Origin { get; set; } = "https://hub.example";

    public string Path { get; set; } = "/v1/webhooks/acme/conn_1";

    /// <summary>With its leading question mark; empty when there is none.</summary>
    public string Query { get; set; } = "";

    /// <summary>In order, with repetitions.</summary>
    public List<(string Name, string Value)> Headers { get; } = [];

    public byte[] Body { get; set; } = [];

    /// <summary>What the connection's secret is, and what it was before and is still taken.</summary>
    public List<string?> Secrets { get; set; } = [];

    /// <summary>What the connection's configuration has besides the secret.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Every body that the owner of the secret signed.</summary>
    public List<byte[]> Signed { get; } = [];

    /// <summary>What was done to it, for the report.</summary>
    public List<string> Steps { get; } = [];

    public string Text
    {
        get => Encoding.UTF8.GetString(Body);
        set => Body = Encoding.UTF8.GetBytes(value);
    }

    public string? Header(string name) => Headers.FirstOrDefault(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    public void SetHeader(string name, string value)
    {
        Headers.RemoveAll(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        Headers.Add((name, value));
    }

    public WebhookRequest ToRequest()
    {
        var headers = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase);
        foreach (var group in Headers.GroupBy(header => header.Name, header => header.Value, StringComparer.OrdinalIgnoreCase))
            headers[group.Key] = [.. group];

        return new WebhookRequest
        {
            Method = Method, Url = Origin + Path + Query, Path = Path, QueryString = Query, Headers = headers, Body = Body, ReceivedAt = Now,
        };
    }

    public void Take(WebhookRequest request)
    {
        Query = request.QueryString;
        Body = request.Body.ToArray();
        Headers.Clear();
        foreach (var (name, values) in request.Headers)
            foreach (var value in values)
                Headers.Add((name, value));
    }

    public ConnectionContext ToConnection()
    {
        var configs = Secrets.Select(Config).ToList();
        return new ConnectionContext
        {
            Id = "conn_1", Project = "shop", Provider = "acme", Environment = "prod", Alias = "default",
            Config = configs.Count > 0 ? configs[0] : Config(null),
            PreviousConfigs = [.. configs.Skip(1)],
        };
    }

    private JsonElement Config(string? secret)
    {
        var config = secret is null
            ? []
            : new Dictionary<string, string>
            {
                ["secret"] = secret, ["webhookSecret"] = secret, ["signingSecret"] = secret, ["authToken"] = secret, ["webhookPublicKey"] = secret, ["publicKey"] = secret, ["roots"] = secret,
                ["username"] = "hub", ["verifyToken"] = VerifyToken,
            };
        foreach (var (name, value) in Settings)
            config[name] = value;
        return JsonSerializer.SerializeToElement(config);
    }
}

internal sealed class FixedClock(DateTimeOffset now) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => now;
}
