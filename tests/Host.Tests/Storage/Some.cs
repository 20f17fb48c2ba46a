using System.Security.Cryptography;
using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Insights;
using IntegrationHub.Host.Operations;
using IntegrationHub.Host.Operations.Effects;
using IntegrationHub.Host.Operations.Idempotency;
using IntegrationHub.Host.Operations.Jobs;

namespace IntegrationHub.Host.Tests.Storage;

/// <summary>Makes records to store. Each call makes another one, a millisecond after the one before.</summary>
internal static class Some
{
    public static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static long ticks;

    /// <summary>A time after all that were given before.</summary>
    public static DateTimeOffset Time() => Start.AddMilliseconds(Interlocked.Increment(ref ticks));

    public static byte[] Bytes(int length) => RandomNumberGenerator.GetBytes(length);

    public static JsonElement Json(string text) => JsonSerializer.Deserialize<JsonElement>(text);

    public static ApiKey ApiKey(string name = "CI") => At(time => new ApiKey
    {
        Id = Ids.New(Ids.ApiKey, time),
        Name = name,
        Role = HubRole.Developer,
        Projects = ["shop"],
        Hash = Bytes(32),
        Ending = "wxyz",
        CreatedAt = time,
    });

    public static Connection Connection(string alias = "default", string project = "shop", string provider = "stripe", string environment = "dev") => At(time => new Connection
    {
        Id = Ids.New(Ids.Connection, time),
        Project = project,
        Provider = provider,
        Environment = environment,
        Alias = alias,
        Config = Json("""{"region":"eu"}"""),
        Secrets = new Dictionary<string, SealedSecret> { ["api_key"] = new(Bytes(48), "1234") },
        WrappedKey = Bytes(61),
        MasterKeyId = "0123456789abcdef",
        CreatedAt = time,
        UpdatedAt = time,
    });

    public static Subscription Subscription(string project = "shop") => At(time => new Subscription
    {
        Id = Ids.New(Ids.Subscription, time),
        Project = project,
        Pattern = "stripe.**",
        TargetKind = "webhook",
        Url = "https://example.com/hook",
        SealedSecret = Bytes(60),
        WrappedKey = Bytes(61),
        MasterKeyId = "0123456789abcdef",
        CreatedAt = time,
        UpdatedAt = time,
    });

    public static HubEvent Event(string? providerEventId = null, string? connection = "conn_1", string type = "stripe.charge.succeeded", string project = "shop") => At(time => new HubEvent
    {
        Id = Ids.New(Ids.Event, time),
        ConnectionId = connection,
        Provider = type.Split('.')[0],
        Project = project,
        Environment = "dev",
        Type = type,
        ProviderEventId = providerEventId ?? "p_" + time.UtcTicks,
        Time = time.AddSeconds(-3),
        ReceivedAt = time,
        CorrelationId = "corr-1",
        SealedData = Bytes(200),
    });

    public static RawRequest Raw(TimeSpan? timeToLive = null) => At(time => new RawRequest
    {
        Id = Ids.New(Ids.Request, time),
        ConnectionId = "conn_1",
        ReceivedAt = time,
        ExpiresAt = time + (timeToLive ?? TimeSpan.FromDays(7)),
        SealedHead = Bytes(90),
        SealedBody = Bytes(300),
    });

    public static EventAppend Append(params IReadOnlyList<HubEvent> events) => new()
    {
        Events = [.. events.Select(static one => new NewEvent(one, []))],
        DedupeWindow = TimeSpan.FromDays(1),
    };

    public static EventAppend AppendTo(HubEvent one, params IReadOnlyList<string> subscriptions) => new()
    {
        Events = [new NewEvent(one, subscriptions)],
        DedupeWindow = TimeSpan.FromDays(1),
    };

    public static Delivery Delivery(HubEvent one, string subscription) => At(time => new Delivery
    {
        Id = Ids.New(Ids.Delivery, time),
        EventId = one.Id,
        SubscriptionId = subscription,
        Project = one.Project,
        EventType = one.Type,
        Status = DeliveryStatus.Pending,
        Attempts = 0,
        NextAttemptAt = time,
        CreatedAt = time,
    });

    public static AttemptRecord Attempt(Delivery delivery, DeliveryStatus status, DateTimeOffset? next = null, string? reason = null) => At(time => new AttemptRecord(
        new DeliveryAttempt
        {
            Id = Ids.New(Ids.Attempt, time),
            DeliveryId = delivery.Id,
            Number = delivery.Attempts + 1,
            StartedAt = time,
            Duration = TimeSpan.FromMilliseconds(25),
            Status = status == DeliveryStatus.Delivered ? 200 : 500,
            Outcome = status == DeliveryStatus.Delivered ? "delivered" : "refused",
            Error = reason,
            ResponseBody = "answer",
        },
        status,
        next,
        reason));

    public static AuditEntry Audit(string action = "connection.created", string actor = "key_1", string? target = "conn_1") => At(time => new AuditEntry
    {
        Time = time,
        Actor = actor,
        Action = action,
        Target = target,
        Project = "shop",
        Address = "127.0.0.1",
        CorrelationId = "corr-1",
        Details = Json("""{"alias":"default","n":1.50}"""),
    });

    public static UsageRecord Usage(string connection = "conn_1", string project = "shop") => At(time => new UsageRecord
    {
        Time = time,
        ConnectionId = connection,
        Project = project,
        Provider = "stripe",
        Operation = "payment_intent.create",
        Actor = "key_1",
        CorrelationId = "corr-1",
        Duration = TimeSpan.FromTicks(1234567),
        Attempts = 2,
        Outcome = "succeeded",
        ProviderStatus = 200,
        ProviderRequestId = "req_p",
    });

    public static Effect Effect(string connection = "conn_1", string project = "shop") => At(time => new Effect
    {
        Id = Ids.New(Ids.Effect, time),
        ConnectionId = connection,
        Project = project,
        Environment = "dev",
        Provider = "stripe",
        Operation = "createPaymentIntent",
        Actor = "key_1",
        CorrelationId = "corr-1",
        ParametersHash = Bytes(32),
        StartedAt = time,
        Verdict = EffectVerdict.Pending,
    });

    public static OperationAttempt Attempt(int number = 1, string outcome = "succeeded", int? status = 200, bool outcomeUnknown = false) =>
        new(number, Time(), TimeSpan.FromTicks(1234567), outcome, status, status is null ? null : "req_p", outcomeUnknown);

    public static IdempotentRequest IdempotentRequest(string key = "k-1", string scope = "key_1") => At(time => new IdempotentRequest
    {
        Id = Ids.New(Ids.IdempotentRequest, time),
        Scope = scope,
        Key = key,
        Fingerprint = Bytes(32),
        StartedAt = time,
        RunsUntil = time.AddMinutes(15),
        ExpiresAt = time.AddHours(24),
    });

    public static Job Job(string connection = "conn_1", string project = "shop") => At(time => new Job
    {
        Id = Ids.New(Ids.Job, time),
        ConnectionId = connection,
        Project = project,
        Environment = "dev",
        Provider = "stripe",
        Operation = "createPaymentIntent",
        Actor = "key_1",
        Address = "127.0.0.1",
        CorrelationId = "corr-1",
        IdempotencyKey = "idem_1",
        SealedInput = Bytes(100),
        State = JobState.Queued,
        NextRunAt = time,
        CreatedAt = time,
    });

    private static T At<T>(Func<DateTimeOffset, T> make) => make(Time());
}
