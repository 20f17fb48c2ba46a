using System.ComponentModel;
using System.Globalization;
using IntegrationHub.Schemas;
using Microsoft.AspNetCore.Mvc;

namespace IntegrationHub.Host.Http;

/// <summary>The paging parameters of a list. Take it as <c>[AsParameters]</c>; texts, so that a wrong one gets the hub's own answer.</summary>
internal sealed class PageQuery
{
    private const int MaxCursor = 1024;

    // Properties, not a record's parameters: the API description cannot read attributes off those.
    [FromQuery(Name = "limit"), Description("How many, 1 to 200. Default 50.")]
    public string? Limit { get; set; }

    [FromQuery(Name = "cursor"), Description("The nextCursor of the page before.")]
    public string? Cursor { get; set; }

    /// <summary>Reads them from a request's query.</summary>
    /// <exception cref="ProblemException">One is not valid.</exception>
    public static PageRequest Bind(HttpContext context) =>
        new PageQuery { Limit = Single(context.Request.Query["limit"]), Cursor = Single(context.Request.Query["cursor"]) }.ToRequest();

    /// <exception cref="ProblemException">One is not valid.</exception>
    public PageRequest ToRequest()
    {
        var limit = PageRequest.DefaultLimit;
        if (!string.IsNullOrEmpty(Limit) && !(int.TryParse(Limit, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= PageRequest.MaxLimit))
            throw Refuse("limit", $"The limit must be a number from 1 to {PageRequest.MaxLimit}.");

        if (Cursor is { Length: > MaxCursor })
            throw Refuse("cursor", "The cursor is not one that the hub gave.");

        return new PageRequest(limit, string.IsNullOrEmpty(Cursor) ? null : Cursor);
    }

    private static string? Single(Microsoft.Extensions.Primitives.StringValues values) => values.Count == 0 ? null : values.ToString();

    private static ProblemException Refuse(string name, string message) => Problem.Invalid(message, new ValidationIssue("/" + name, message)).ToException();
}
