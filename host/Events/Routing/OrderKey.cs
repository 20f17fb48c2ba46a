using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace IntegrationHub.Host.Events.Routing;

/// <summary>Finds in an event the key within which a subscription's deliveries keep their order. Immutable and thread-safe.</summary>
internal sealed class OrderKey
{
    private const int Bytes = 16;

    private readonly EventPath path;

    private OrderKey(EventPath path) => this.path = path;

    /// <param name="orderBy"><see cref="SubscriptionRules.Subject"/>, or a pointer into the event.</param>
    /// <param name="error">What is wrong with it.</param>
    public static OrderKey? TryParse(string orderBy, out PatternError? error) =>
        EventPath.TryParse(orderBy == SubscriptionRules.Subject ? "/subject" : orderBy, out error) is { } path ? new OrderKey(path) : null;

    /// <summary>A fingerprint of the value: it may be somebody's address, and the queue is not sealed. <see langword="null"/> when there is no value: the event then keeps to no order.</summary>
    public string? Of(EventFields fields) => ValueOf(fields) is { } value ? Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(value)).AsSpan(0, Bytes)) : null;

    /// <summary>The value itself: a text, a number, or a boolean.</summary>
    public string? ValueOf(EventFields fields)
    {
        try
        {
            return path.Single(fields) is not { } found ? null : found.Kind switch
            {
                JsonValueKind.String when found.Text is { Length: > 0 } text => text,
                JsonValueKind.Number => found.Element.GetRawText(),
                JsonValueKind.True => "true",
                JsonValueKind.False => "false",
                _ => null,
            };
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
