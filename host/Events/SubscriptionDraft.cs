using System.Security.Cryptography;
using System.Text.Json;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Events;

/// <summary>
/// What a request makes of a subscription's settings, secrets apart. Collects everything that does not even have the right shape; what the values mean is judged by
/// <see cref="SubscriptionRules"/>.
/// </summary>
internal sealed class SubscriptionDraft
{
    private readonly Dictionary<string, string> headers;
    private readonly Dictionary<string, JsonElement> targetSecrets;
    private readonly List<ValidationIssue> issues = [];

    private SubscriptionDraft(Dictionary<string, string> headers, Dictionary<string, JsonElement> targetSecrets)
    {
        this.headers = headers;
        this.targetSecrets = targetSecrets;
    }

    public SubscriptionSettings Settings { get; private set; } = SubscriptionSettings.None;

    public IReadOnlyDictionary<string, string> Headers => headers;

    public IReadOnlyDictionary<string, JsonElement> TargetSecrets => targetSecrets;

    public IReadOnlyList<ValidationIssue> Issues => issues;

    public static SubscriptionDraft Of(SubscriptionRequest request, SubscriptionTargets targets)
    {
        var draft = new SubscriptionDraft(new(StringComparer.OrdinalIgnoreCase), []);
        foreach (var (name, value) in request.Headers ?? new Dictionary<string, string>())
        {
            if (!draft.headers.TryAdd(name, value))
                draft.issues.Add(new("/headers/" + RequestBody.Escape(name), "The header is there twice: names compare without case."));
        }

        draft.Settings = new SubscriptionSettings
        {
            Filter = Element(request.Filter, null),
            Transform = Element(request.Transform, null),
            OrderBy = request.OrderBy,
            Concurrency = request.Delivery?.Concurrency,
            Rate = request.Delivery?.Rate,
            TimeoutSeconds = request.Delivery?.TimeoutSeconds,
            Headers = draft.HeaderNames,
            Target = draft.Target(null, request.Target?.Settings, targets.Find(request.Target?.Kind ?? "")),
        };
        return draft;
    }

    /// <exception cref="CryptographicException">The subscription's secrets were sealed under another master key.</exception>
    public static SubscriptionDraft Of(SubscriptionPatch patch, Subscription before, SubscriptionSecrets secrets, SubscriptionTargets targets)
    {
        var kind = patch.Target?.Kind ?? before.TargetKind;
        var isSameKind = kind == before.TargetKind;
        var draft = new SubscriptionDraft(
            new(secrets.OpenHeaders(before), StringComparer.OrdinalIgnoreCase),
            isSameKind && secrets.OpenTarget(before) is { } sealedTarget ? sealedTarget.EnumerateObject().ToDictionary(member => member.Name, member => member.Value) : []);
        draft.ChangeHeaders(patch.Headers);
        draft.Settings = before.Settings with
        {
            Filter = Element(patch.Filter, before.Settings.Filter),
            Transform = Element(patch.Transform, before.Settings.Transform),
            OrderBy = draft.Text(patch.OrderBy, before.Settings.OrderBy, "/orderBy"),
            Headers = draft.HeaderNames,
            Target = draft.Target(isSameKind ? before.Settings.Target : null, patch.Target?.Settings, targets.Find(kind)),
        };
        draft.ChangeDelivery(patch.Delivery);
        return draft;
    }

    /// <summary>A text of a patch: as before when it is undefined, nothing when it is <c>null</c>.</summary>
    public string? Text(JsonElement patch, string? before, string pointer)
    {
        switch (patch.ValueKind)
        {
            case JsonValueKind.Undefined:
                return before;
            case JsonValueKind.Null:
                return null;
            case JsonValueKind.String:
                return patch.GetString();
            default:
                issues.Add(new(pointer, "A text or null is expected."));
                return before;
        }
    }

    private string[]? HeaderNames => headers.Count == 0 ? null : [.. headers.Keys.Order(StringComparer.OrdinalIgnoreCase)];

    private static JsonElement? Element(JsonElement given, JsonElement? before) => given.ValueKind switch
    {
        JsonValueKind.Undefined => before,
        JsonValueKind.Null => null,
        _ => given,
    };

    private void ChangeHeaders(JsonElement patch)
    {
        switch (patch.ValueKind)
        {
            case JsonValueKind.Undefined:
                return;
            case JsonValueKind.Null:
                headers.Clear();
                return;
            case not JsonValueKind.Object:
                issues.Add(new("/headers", "An object of texts, or null, is expected."));
                return;
        }

        foreach (var header in patch.EnumerateObject())
        {
            if (header.Value.ValueKind == JsonValueKind.Null)
                headers.Remove(header.Name);
            else if (header.Value.ValueKind != JsonValueKind.String)
                issues.Add(new("/headers/" + RequestBody.Escape(header.Name), "A text, or null, is expected."));
            else if (!(headers.ContainsKey(header.Name) && header.Value.ValueEquals(SubscriptionHeaders.Mask)))
                headers[header.Name] = header.Value.GetString()!; // what a form sends back unchanged, the mask, changes nothing
        }
    }

    private void ChangeDelivery(JsonElement patch)
    {
        switch (patch.ValueKind)
        {
            case JsonValueKind.Undefined:
                return;
            case JsonValueKind.Null:
                Settings = Settings with { Concurrency = null, Rate = null, TimeoutSeconds = null };
                return;
            case not JsonValueKind.Object:
                issues.Add(new("/delivery", "An object or null is expected."));
                return;
        }

        foreach (var member in patch.EnumerateObject())
        {
            var isNull = member.Value.ValueKind == JsonValueKind.Null;
            var number = 0.0;
            var pointer = "/delivery/" + RequestBody.Escape(member.Name);
            if (member.Name is not ("concurrency" or "rate" or "timeoutSeconds"))
                issues.Add(new(pointer, $"There is no member '{member.Name}' here.", Suggestion.For(member.Name, ["concurrency", "rate", "timeoutSeconds"])));
            else if (!isNull && (member.Value.ValueKind != JsonValueKind.Number || !member.Value.TryGetDouble(out number)))
                issues.Add(new(pointer, "A number or null is expected."));
            else if (member.Name == "rate")
                Settings = Settings with { Rate = isNull ? null : number };
            else if (member.Name == "timeoutSeconds")
                Settings = Settings with { TimeoutSeconds = isNull ? null : number };
            else if (isNull)
                Settings = Settings with { Concurrency = null };
            else if (member.Value.TryGetInt32(out var concurrency))
                Settings = Settings with { Concurrency = concurrency };
            else
                issues.Add(new(pointer, "A whole number or null is expected."));
        }
    }

    /// <summary>The target's members after the change: secret ones as masks, their values apart.</summary>
    private JsonElement? Target(JsonElement? before, Dictionary<string, JsonElement>? given, IDeliveryTarget? kind)
    {
        var members = before?.EnumerateObject().ToDictionary(member => member.Name, member => member.Value) ?? [];
        foreach (var (name, value) in given ?? [])
        {
            var isSecret = kind?.SecretMembers.Contains(name) == true;
            if (value.ValueKind == JsonValueKind.Null)
            {
                members.Remove(name);
                targetSecrets.Remove(name);
            }
            else if (!isSecret)
            {
                members[name] = value;
            }
            else if (value.ValueKind == JsonValueKind.String && value.ValueEquals(SubscriptionHeaders.Mask))
            {
                if (!targetSecrets.ContainsKey(name))
                    issues.Add(new("/target/" + RequestBody.Escape(name), "This is the mask that stands for a value, not a value.", "Send the value itself, or leave the member out."));
            }
            else
            {
                targetSecrets[name] = value;
                members[name] = JsonSerializer.SerializeToElement(SubscriptionHeaders.Mask);
            }
        }

        return members.Count == 0 ? null : JsonSerializer.SerializeToElement(members);
    }
}
