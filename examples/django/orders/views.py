"""The page that places an order."""

from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from orders.mails import confirm
from orders.models import Order


@csrf_exempt
@require_POST
def place(request):
    """Save an order, and confirm it; whether that succeeds does not concern it."""
    order = Order.objects.create(customer=request.POST["customer"])
    confirm(order)
    return JsonResponse({"order": order.pk, "mail": order.mail}, status=201)
