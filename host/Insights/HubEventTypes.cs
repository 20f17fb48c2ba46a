namespace IntegrationHub.Host.Insights;

/// <summary>All that the hub tells of itself. Tests hold what is published against it, and write docs/operational-events.md from it.</summary>
internal static class HubEventTypes
{
    public const string Prefix = "hub.";

    private static readonly HubEventMember Connection = new("connection", "string", "The connection's id.");
    private static readonly HubEventMember Provider = new("provider", "string", "The provider's id.");
    private static readonly HubEventMember Alias = new("alias", "string", "The connection's alias.");
    private static readonly HubEventMember Operation = new("operation", "string", "The operation's name.");
    private static readonly HubEventMember Reason = new("reason", "string?", "Why, as a sentence.");
    private static readonly HubEventMember Repair = new("repair", "string?", "What to do, as a sentence.");
    private static readonly HubEventMember Subscription = new("subscription", "string", "The subscription's id.");

    private static readonly HubEventMember Target = new("target", "string", "The target, without what may be secret.");

    private static readonly HubEventMember[] Health =
    [
        Connection, Provider, Alias, new("state", "string", "The state it is in now."), new("before", "string", "The state it was in."), new("code", "string?", "What was found, as a code."), Reason, Repair,
    ];

    private static readonly HubEventMember[] Job =
    [
        new("job", "string", "The job's id."), Connection, Provider, Operation, new("errorCode", "string?", "The last run's error."), Reason, new("effect", "string?", "The record of what its last run changed."),
        new("runs", "number", "How many runs it had."),
    ];

    /// <summary>By type.</summary>
    public static IReadOnlyList<HubEventType> All { get; } =
    [
        new("hub.connection.degraded", "A connection works partly, or has just failed once.", "connection", Health),
        new("hub.connection.failing", "A connection does not work.", "connection", Health),
        new("hub.connection.healthy", "A connection works again. That a new one works is no news.", "connection", Health),
        new("hub.connection.needs_reauthorization", "A connection's tests or calls are refused for its credentials.", "connection", Health),
        new("hub.connection.reauthorization_required", "What a connection was granted cannot be refreshed any more.", "connection",
            [Connection, Provider, Alias, new("code", "string", "The OAuth error's code."), Reason, Repair]),
        new("hub.delivery.exhausted", "A delivery was given up: it is a dead letter. Not told of deliveries of `hub.*` events, so that a failing subscription to them comes to an end.", "delivery",
        [
            new("delivery", "string", "The delivery's id."), new("event", "string", "The event's id."), new("eventType", "string", "The event's type."), Subscription,
            new("attempts", "number", "How often it was tried."), new("step", "string", "Where it failed: route, render, secrets, connect, send or answer."),
            new("status", "number?", "The target's last status."), Reason, new("fingerprint", "string", "The cause at this target: a filter for dead letters and replays."), Repair,
        ]),
        new("hub.effect.unknown", "An operation was sent and not answered: nobody here knows whether it had its effect.", "effect",
            [new("effect", "string", "The record's id."), Connection, Provider, Operation, Reason, new("idempotencyKey", "string?", "What the provider recognises a repetition by.")]),
        new("hub.endpoint.disabled", "The hub disabled a subscription: its endpoint answered 410, or failed for too long.", "subscription", [Subscription, Target, Reason]),
        new("hub.endpoint.failing", "Every attempt at a subscription's endpoint has failed for a while: told at 50, 70 and 90 % of the time after which it is disabled.", "subscription",
        [
            Subscription, Target, new("percent", "number", "How much of that time is over: 50, 70 or 90."), new("failingSince", "string?", "When the first of these attempts failed."),
            new("disabledAt", "string?", "When it will be disabled, if nothing changes."), new("failures", "number", "How many attempts failed since."),
            new("lastSuccessAt", "string?", "When it last took a delivery."), new("lastError", "string?", "Why the last attempt failed."),
        ]),
        new("hub.endpoint.recovered", "An endpoint that was told to be failing takes deliveries again.", "subscription", [Subscription, Target]),
        new("hub.job.dead", "A job ran out of runs, or can never succeed.", "job", Job),
        new("hub.job.succeeded", "A job succeeded.", "job", Job),
        new("hub.job.unknown", "A job's last run was sent and not answered.", "job", Job),
        new("hub.plugin.quarantined", "A plugin is not called any more because it kept failing, or ended the hub while it started. Told once in each project and environment with a connection of its provider.",
            "plugin", [new("plugin", "string", "The plugin's id."), Reason, new("sha256", "string?", "The plugin's files."), Repair]),
        new("hub.test", "Somebody tests a subscription. Sent to that one only, not stored and not retried.", "subscription",
            [new("message", "string", "That this is a test."), Subscription, new("pattern", "string", "The subscription's pattern.")]),
        new("hub.webhook.refused", "Many webhooks of a connection were refused in a short time: a changed secret, or somebody who tries. Told once in an hour and connection at the most.", "connection",
        [
            Connection, Provider, new("count", "number", "How many were refused."), new("seconds", "number", "In which time."), new("code", "string", "Why the last one was: the code it was answered."), Repair,
        ]),
    ];

    public static HubEventType? Find(string type) => All.FirstOrDefault(one => one.Type == type);
}

/// <summary>A kind of thing that the hub tells of itself.</summary>
/// <param name="Type">The event's type.</param>
/// <param name="When">When it is told, as a sentence.</param>
/// <param name="Subject">What the event's <c>subject</c> is the id of.</param>
/// <param name="Data">The members of its data.</param>
internal sealed record HubEventType(string Type, string When, string Subject, IReadOnlyList<HubEventMember> Data);

/// <summary>One member of an event's data.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its JSON type, with <c>?</c> when it can be null.</param>
/// <param name="Description">What it is.</param>
internal sealed record HubEventMember(string Name, string Type, string Description);
