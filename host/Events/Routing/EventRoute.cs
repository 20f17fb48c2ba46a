using System.Runtime.InteropServices;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Events.Routing;

/// <summary>A subscription with what it is matched by, compiled. Immutable and thread-safe.</summary>
internal sealed class EventRoute
{
    private readonly EventPattern pattern;
    private readonly EventFilter? filter;
    private readonly OrderKey? order;

    // Beside what else is looked at for each event: a subscription is a large object somewhere else.
    private readonly string? environment;

    private EventRoute(Subscription subscription, EventPattern pattern, EventFilter? filter, OrderKey? order)
    {
        Subscription = subscription;
        environment = subscription.Environment;
        this.pattern = pattern;
        this.filter = filter;
        this.order = order;
    }

    public Subscription Subscription { get; }

    /// <summary>What the event's type must be like. Routes that stand beside each other share it when it is the same.</summary>
    public EventPattern Pattern => pattern;

    /// <summary>What else of the event must be like something; <see langword="null"/> for nothing. Shared as <see cref="Pattern"/> is.</summary>
    public EventFilter? Filter => filter;

    /// <summary>The literal segments that every type of the pattern begins with, with dots between; empty when there are none.</summary>
    public string Prefix => pattern.LiteralPrefix;

    public static EventRoute? TryCompile(Subscription subscription, out IReadOnlyList<ValidationIssue> issues)
    {
        var found = new List<ValidationIssue>();
        issues = found;
        if (!EventPattern.TryParse(subscription.Pattern, out var pattern, out var error))
            found.Add(new("/pattern", error.Message, error.Hint));

        EventFilter? filter = null;
        if (subscription.Settings.Filter is { } written)
        {
            try
            {
                if (!EventFilter.TryCompile(written, out filter, out var faults))
                    found.AddRange(faults);
            }
            catch (InvalidOperationException)
            {
                found.Add(new("/filter", "A text in the filter is not valid Unicode."));
            }
        }

        OrderKey? order = null;
        if (subscription.Settings.OrderBy is { } orderBy)
        {
            order = OrderKey.TryParse(orderBy, out var unordered);
            if (unordered is not null)
                found.Add(new("/orderBy", unordered.Message, $"Name what has to stay in order: '{SubscriptionRules.Subject}', or a pointer into the event such as '/data/customer'."));
        }

        return found.Count == 0 ? new EventRoute(subscription, pattern!, filter, order) : null;
    }

    /// <summary>The same for a subscription that differs in nothing that matters here.</summary>
    public EventRoute With(Subscription subscription) => new(subscription, pattern, filter, order);

    /// <summary>By pattern, then by filter as it is written, then by id: what can be judged together stands together.</summary>
    public static int Compare(EventRoute left, EventRoute right) =>
        string.CompareOrdinal(left.pattern.Text, right.pattern.Text) is not 0 and var byPattern ? byPattern
        : left.WrittenFilter.SequenceCompareTo(right.WrittenFilter) is not 0 and var byFilter ? byFilter
        : string.CompareOrdinal(left.Subscription.Id, right.Subscription.Id);

    private ReadOnlySpan<byte> WrittenFilter => Subscription.Settings.Filter is { } written ? JsonMarshal.GetRawUtf8Value(written) : default;

    /// <summary>The same with the pattern and the filter of another, where they are the same: one answer then serves both, from one place in memory.</summary>
    public EventRoute Sharing(EventRoute? other)
    {
        if (other is null || other.pattern.Text != pattern.Text)
            return this;

        var same = filter is not null && other.filter is not null && WrittenFilter.SequenceEqual(other.WrittenFilter) ? other.filter : filter;
        return ReferenceEquals(pattern, other.pattern) && ReferenceEquals(filter, same) ? this : new(Subscription, other.pattern, same, order);
    }

    /// <summary>Whether the subscription sees the event at all, and its type is right.</summary>
    public bool Sees(string environment, string type) => IsFor(environment) && pattern.Matches(type);

    /// <summary>Whether the subscription sees events of the environment.</summary>
    public bool IsFor(string environment) => this.environment is null || this.environment == environment;

    /// <summary>Whether its filter, if it has one, lets the event pass. The event's fields are made when they are needed.</summary>
    public bool Passes(HubEvent hubEvent, IPayloadSealer payloads, ref EventFields? fields) => filter is null || filter.Matches(fields ??= new(hubEvent, payloads));

    public string? OrderKeyOf(HubEvent hubEvent, IPayloadSealer payloads, ref EventFields? fields) => order?.Of(fields ??= new(hubEvent, payloads));

    /// <summary>All that keeps the event from going to the subscription; empty when nothing does.</summary>
    public IReadOnlyList<FilterMismatch> Explain(EventFields fields)
    {
        var (hubEvent, found) = (fields.Event, new List<FilterMismatch>());
        if (Subscription.Project != hubEvent.Project)
            found.Add(new("/project", $"The event belongs to the project '{hubEvent.Project}'."));
        if (Subscription.Environment is { } environment && environment != hubEvent.Environment)
            found.Add(new("/environment", $"The event is of '{hubEvent.Environment}'."));
        if (!pattern.Matches(hubEvent.Type))
            found.Add(new("/pattern", $"The event's type is '{hubEvent.Type}'."));
        if (filter is not null)
            found.AddRange(filter.Explain(fields));
        return found;
    }

    /// <summary>The value that its deliveries are ordered by; <see langword="null"/> for none.</summary>
    public string? OrderValueOf(EventFields fields) => order?.ValueOf(fields);
}

/// <summary>A subscription that an event goes to.</summary>
/// <param name="Subscription">Where to.</param>
/// <param name="OrderKey">The key within which its deliveries keep their order; <see langword="null"/> for none.</param>
internal readonly record struct RoutedSubscription(Subscription Subscription, string? OrderKey);
