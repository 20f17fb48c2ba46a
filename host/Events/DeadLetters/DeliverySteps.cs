namespace IntegrationHub.Host.Events.DeadLetters;

/// <summary>Where on its way a delivery failed: the values of <see cref="DeliveryAttempt.Step"/>, in the order in which they come.</summary>
internal static class DeliverySteps
{
    /// <summary>Before anything was tried: the subscription is disabled or gone, the event is no longer kept.</summary>
    public const string Route = "route";

    /// <summary>Making what is sent out of the event.</summary>
    public const string Render = "render";

    /// <summary>Opening the subscription's secrets or the event's data.</summary>
    public const string Secrets = "secrets";

    /// <summary>Name, address, connection, TLS.</summary>
    public const string Connect = "connect";

    /// <summary>Sending, or waiting for an answer that did not come.</summary>
    public const string Send = "send";

    /// <summary>The target answered, and it was no success.</summary>
    public const string Answer = "answer";

    public static IReadOnlyList<string> All { get; } = [Route, Render, Secrets, Connect, Send, Answer];

    /// <summary>The step of an outcome whose target does not name one.</summary>
    public static string? Of(string outcome) => outcome switch
    {
        DeliveryOutcomes.Delivered => null,
        DeliveryOutcomes.Refused => Answer,
        DeliveryOutcomes.ConnectFailed or DeliveryOutcomes.Denied => Connect,
        _ => Send,
    };
}
