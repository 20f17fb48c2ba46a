using System.Text;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Simulation;

/// <summary>Makes requests of a manifest's sample webhooks, as the provider would send them, before they are signed.</summary>
public static class SimulatedWebhooks
{
    /// <summary>The request of a sample.</summary>
    /// <param name="sample">The sample; a form's body is an object of its fields.</param>
    /// <param name="url">The absolute address it is sent to.</param>
    /// <param name="receivedAt">When it arrives.</param>
    public static WebhookRequest ToRequest(SimulatorWebhook sample, string url, DateTimeOffset receivedAt)
    {
        ArgumentNullException.ThrowIfNull(sample);
        var address = new Uri(url);
        var headers = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase) { ["Content-Type"] = [sample.ContentType] };
        foreach (var (name, value) in sample.Headers)
            headers[name] = [value];

        return new WebhookRequest
        {
            Method = "POST", Url = url, Path = address.AbsolutePath, QueryString = address.Query, Headers = headers, Body = BodyOf(sample), ReceivedAt = receivedAt,
        };
    }

    private static byte[] BodyOf(SimulatorWebhook sample)
    {
        if (sample.Body is not { } body)
            return [];

        if (sample.ContentType.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) && body.ValueKind == JsonValueKind.Object)
            return Encoding.UTF8.GetBytes(string.Join('&', body.EnumerateObject().Select(pair => $"{Uri.EscapeDataString(pair.Name)}={Uri.EscapeDataString(pair.Value.ToString())}")));

        return Encoding.UTF8.GetBytes(sample.ContentType.Contains("json", StringComparison.OrdinalIgnoreCase) ? body.GetRawText() : body.ToString());
    }
}
